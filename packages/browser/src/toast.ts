/**
 * The toast: what is seen and heard of an update on a page without a framework. Everything of it is
 * in a shadow root, where the page's own styles do not reach.
 */
import type { Tell } from "@tideline/watch";
import { buildPage } from "./build-page.js";
import { countDown } from "./countdown.js";
import type { PageWatch } from "./start.js";
import css from "./toast.css?inline";
import { hasUnsavedInput, watchInput } from "./unsaved-input.js";

const blockers = new Set<[name: string]>();
/** What is left of the countdown, in ms; at 0 or less the page loads itself again. */
let leftMs = 1;
let totalMs: number;

/** Says why the page may not load itself again now, or "". */
const heldBy = () => [...blockers, ...(hasUnsavedInput() ? ["unsaved input"] : [])].join(", ");

export const api = {
  registerBlocker(name: string) {
    // An array of its own, so that two may have the same name.
    const blocker: [string] = [name];
    blockers.add(blocker);
    return () => blockers.delete(blocker);
  },
};

export const page = {
  ...buildPage,
  reload(onLeave: () => void) {
    // The look at the host takes a while, in which a person may have begun to type.
    if (leftMs <= 0 && heldBy()) leftMs = totalMs;
    else buildPage.reload(onLeave);
  },
};

watchInput();

/** Puts an element into another one, named for styles and for tests. */
const add = <Tag extends "b" | "button" | "output" | "p" | "section" | "span">(
  parent: Node,
  tag: Tag,
  part: string,
  textContent?: string,
  onclick?: () => void,
): HTMLElementTagNameMap[Tag] =>
  parent.appendChild(Object.assign(document.createElement(tag), { part, textContent, onclick }));

/** Shows what a watch has to say, and loads the page again when nobody minds. */
export function show(data: DOMStringMap, watch: PageWatch): Tell {
  // Nothing, when it is "off".
  totalMs = +(data.countdown ?? 30) * 1_000;
  try {
    sessionStorage.tideline = "";
  } catch {
    // What cannot be noted cannot be counted, and a host that serves old pages would be loaded for ever.
    totalMs = 0;
  }
  const strings: Record<string, string> = JSON.parse(data.strings ?? "{}");
  /** Gives the page's own words for English ones; what stands in braces is filled in. */
  const say = (english: string, filling: unknown) =>
    (strings[english] ?? english).replace("{}", `${filling}`);

  const host = document.createElement("tideline-toast");
  const shadow = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  shadow.adoptedStyleSheets = [sheet];
  // In the document before its text, or it would not be read out.
  const status = add(shadow, "output", "status");
  const box = add(shadow, "section", "notice");
  box.popover = "manual";
  // Not in the body, which some pages exchange when they navigate.
  document.documentElement.append(host);

  /** What the card says, or "". */
  let shown = "";
  let timer: ReturnType<typeof setInterval>;
  let at: number;
  let line: HTMLElement;

  /** Stops the countdown for good, on the card too. */
  const cancel = () => {
    clearInterval(timer);
    leftMs = 1;
    line.textContent = "";
  };

  const later = () => {
    cancel();
    watch.dismiss();
  };

  const step = () => {
    const reasons = heldBy();
    const now = Date.now();
    // Without a word, which would move the buttons under the pointer.
    const isHeld =
      reasons || box.matches(":hover,:focus-within") || document.querySelector(":modal");
    leftMs = countDown(leftMs, totalMs, now - at, !!isHeld, document.hidden);
    at = now;
    // Further calls count for nothing meanwhile.
    if (leftMs <= 0) return watch.refresh();
    const seconds = Math.ceil(leftMs / 1_000);
    const text = reasons ? say("Paused: {}", reasons) : say("Reloading in {} seconds", seconds);
    line.textContent = text;
    if (seconds === 10 && status.textContent !== text) status.textContent = text;
  };

  addEventListener("keydown", ({ key, defaultPrevented }) => {
    // What a dialog or an input takes for itself was not meant for the toast.
    if (shown && key === "Escape" && !defaultPrevented && !document.querySelector(":modal"))
      later();
  });

  return (state, verdict, latest) => {
    const { reason, severity } = (verdict ?? {}) as { reason?: string; severity?: string };
    const label = latest?.gitTag || latest?.version;
    const isOffered = state === "offered";
    const isCritical = severity === "critical";
    let title = "";
    if (isOffered) {
      title = "New version available";
      if (reason === "rolled-back") title = "Rolled back to {}";
      if (isCritical) title = "Important update";
    } else if (state === "rolling-out") title = "Still rolling out";
    const news = title && title + latest?.epoch;
    if (news === shown) return;
    shown = news;
    title = say(title, label);
    clearInterval(timer);
    box.replaceChildren();
    status.textContent = box.ariaLabel = title;
    box.togglePopover(title !== "");
    if (!news) return;
    add(box, "b", "title", title);
    line = add(box, "span", "version", label);
    if (!isOffered) return;
    console.log(`New version available: ${latest?.version} - showing reload toast`);
    if (isCritical) add(box, "p", "reason", say("It fixes a serious problem.", ""));
    if (latest?.notes) add(box, "p", "notes", latest.notes);
    line = add(box, "p", "countdown");
    add(box, "button", "refresh", say("Reload now", ""), () => {
      cancel();
      watch.refresh();
    });
    if (!isCritical) add(box, "button", "later", say("Later", ""), later);
    if (totalMs > 0) {
      leftMs = totalMs;
      at = Date.now();
      timer = setInterval(step, 250);
      step();
      status.textContent += `. ${line.textContent}`;
    }
  };
}
