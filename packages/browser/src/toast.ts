/**
 * The toast: what is seen and heard of an update on a page without a framework. Everything of it is
 * in a shadow root, where the page's own styles do not reach.
 */
import type { Verdict } from "@tideline/version";
import type { VersionWatch, WatchState } from "@tideline/watch";
import { buildPage } from "./build-page.js";
import { type Countdown, countdown } from "./countdown.js";
import { readAttribute } from "./read-attribute.js";
import type { Notice } from "./start.js";
import { ENGLISH } from "./strings.js";
import css from "./toast.css?inline";
import { hasUnsavedInput, watchInput } from "./unsaved-input.js";

const blockers = new Set<[name: string]>();
/** True from the end of a countdown until a person asks for the load or a new countdown starts. */
let isByItself = false;
/** Says why the page may not load itself again now, or "". */
let heldBy: () => string;
/** Starts the countdown. */
let count: () => void;

/** Shows what a watch has to say, and loads the page again when nobody minds. */
export const toast: Notice = {
  api: {
    registerBlocker(name: string) {
      // An array of its own, so that two may have the same name.
      const blocker: [string] = [name];
      blockers.add(blocker);
      return () => blockers.delete(blocker);
    },
  },
  page: {
    ...buildPage,
    reload(onLeave) {
      // The look at the host takes a while, in which a person may have begun to type.
      if (isByItself && heldBy()) count();
      else buildPage.reload(onLeave);
    },
  },
  show,
};

watchInput();

/** Puts an element into another one, named for styles and for tests. */
function add(parent: Node, tag: string, part: string, text: string, onClick?: () => void) {
  const element = document.createElement(tag);
  element.setAttribute("part", part);
  element.dataset.tidelinePart = part;
  element.textContent = text;
  element.onclick = onClick ?? null;
  return parent.appendChild(element);
}

function show(watch: VersionWatch, data: DOMStringMap): void {
  const text = { ...ENGLISH, ...readAttribute(data, "strings", "{}", JSON.parse) };
  const match = (name: string, fallback: string, pattern: RegExp) =>
    readAttribute(data, name, fallback, (value) => (value.match(pattern) as RegExpMatchArray)[0]);
  // Nothing, when it is "off".
  const totalMs = +match("countdown", "30", /^(off|\d+)$/) * 1_000;

  const host = document.createElement("tideline-toast");
  const shadow = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  shadow.adoptedStyleSheets = [sheet];
  // In the document before its text, or it would not be read out.
  const status = add(shadow, "output", "status", "");
  const box = add(shadow, "section", "notice", "");
  box.dataset.placement = match("placement", "bottom-end", /^(bottom|top)-(start|end)$/);
  // Not in the body, which some pages exchange when they navigate.
  document.documentElement.append(host);

  /** What the card says, or "". */
  let shown = "";
  /** Undefined while nothing counts. */
  let timer: ReturnType<typeof setInterval> | undefined;
  let tick: Countdown;
  /** The number, and why it stands. */
  let ring: HTMLElement;
  let why: HTMLElement;
  /** What had the focus before the card. */
  let cameFrom: HTMLElement | null;

  const isFocused = () => box.matches(":focus-within");
  const isCovered = () => document.querySelector(":modal");

  const reloadingIn = (seconds: number) => text.countdown.replace("{}", `${seconds}`);

  const stop = () => {
    clearInterval(timer);
    timer = undefined;
  };

  const later = () => {
    // Back to where it was, for example to a field that a person was typing in.
    if (isFocused()) cameFrom?.focus();
    cancel();
    watch.dismiss();
  };

  /** Stops the countdown for good, on the card too. */
  const cancel = () => {
    stop();
    ring.remove();
    why.remove();
  };

  heldBy = () => {
    if (hasUnsavedInput()) return text.typing;
    if (blockers.size) return `${text.paused}: ${[...blockers].join(", ")}`;
    // Without a word, which would move the buttons under the pointer. Below a dialog or a film in full
    // screen the toast cannot be reached.
    return isFocused() || box.matches(":hover") || isCovered() ? " " : "";
  };

  count = () => {
    isByItself = false;
    tick = countdown(totalMs, Date.now());
    stop();
    timer = setInterval(step, 250);
    step();
  };

  const step = () => {
    const reason = heldBy();
    const leftMs = tick(Date.now(), reason !== "", document.hidden);
    const seconds = Math.ceil(leftMs / 1_000);
    why.textContent = reason;
    ring.style.setProperty("--left", `${(leftMs / totalMs) * 100}%`);
    if (seconds < 11 && +ring.textContent > 10) status.textContent = reloadingIn(seconds);
    ring.textContent = `${seconds}`;
    if (leftMs <= 0) {
      stop();
      isByItself = true;
      watch.refresh();
    }
  };

  box.addEventListener("focusin", ({ relatedTarget }) => {
    if (!box.contains(relatedTarget as Node)) cameFrom = relatedTarget as HTMLElement;
  });
  addEventListener("keydown", ({ key, defaultPrevented, isComposing }) => {
    // What a dialog or an input method takes for itself was not meant for the toast.
    if (key !== "Escape" || defaultPrevented || isComposing || isCovered()) return;
    if (timer || isFocused()) later();
  });

  watch.subscribe(() => {
    const { state, verdict, latest } = watch.getSnapshot();
    const tone = toneOf(state, verdict);
    const news = `${tone && latest && tone + latest.epoch}`;
    if (news === shown) return;
    shown = news;
    stop();
    // An empty card is not displayed.
    box.replaceChildren();
    status.textContent = "";
    if (!tone || !latest) return;
    const { gitTag, version, notes } = latest;
    const isCritical = tone === "critical";
    const [icon, title, reason] = {
      superseded: ["\u2191", text.available],
      "rolled-back": ["\u2193", text.rolledBack.replace("{}", gitTag || version)],
      critical: ["!", text.critical, text.reason],
      "rolling-out": ["\u22ef", text.rollingOut, text.rollingOutText],
    }[tone] as [string, string, string?];
    box.dataset.tone = tone;
    box.ariaLabel = status.textContent = title;
    add(box, "i", "icon", icon).ariaHidden = "true";
    const line = add(box, "b", "title", title);
    if (isCritical || tone === "superseded") {
      add(line, "span", "badge", gitTag || version.replace(/^(?=\d+\.\d)/, "v"));
    }
    if (reason) add(box, "p", "reason", reason);
    if (tone === "rolling-out") return;
    if (notes) add(box, "p", "notes", notes).title = notes;
    const actions = add(box, "div", "actions", "");
    add(actions, "button", "refresh", text.refresh, () => {
      isByItself = false;
      watch.refresh();
    });
    if (!isCritical) {
      add(actions, "button", "later", text.later, later);
      add(box, "button", "close", "\u00d7", later).ariaLabel = text.close;
    }
    console.log(`New version available: ${version} - showing reload toast`);
    ring = add(actions, "button", "countdown", "", cancel);
    ring.title = text.stop;
    why = add(box, "p", "paused", "");
    if (!totalMs) return cancel();
    count();
    status.textContent += `. ${reloadingIn(totalMs / 1_000)}`;
  });
}

function toneOf(state: WatchState, verdict: Verdict | null) {
  if (state === "rolling-out") return state;
  if (state !== "offered" || verdict?.kind !== "outdated") return;
  return verdict.severity === "critical" ? "critical" : verdict.reason;
}
