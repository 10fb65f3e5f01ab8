/** The script's toast on a page without a framework, in a real browser. */
import type {
  Browser,
  BrowserContext,
  BrowserContextOptions,
  Locator,
  Page,
} from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { axeFindings } from "./axe-findings.js";
import { launchChromium } from "./launch-chromium.js";
import { buildScript, openPageRig, type PageRig } from "./page-rig.js";

let browser: Browser;
let script: string;
let rig: PageRig;
let context: BrowserContext;

beforeAll(async () => {
  [script, browser] = await Promise.all([buildScript(), launchChromium()]);
});
afterAll(async () => {
  await browser?.close();
});
beforeEach(async () => {
  rig = await openPageRig(script);
});
afterEach(async () => {
  for (const open of browser.contexts()) await open.close();
  await rig.close();
  expect(rig.reports).toEqual([]);
});

interface Tab {
  readonly page: Page;
  readonly toast: Locator;
  /** What it says of its countdown. */
  readonly line: Locator;
  /** What the page wrote to its console. */
  readonly lines: readonly string[];
  /** How often the document was loaded. */
  loads(): number;
}

async function newContext(options?: BrowserContextOptions): Promise<void> {
  context = await browser.newContext(options);
}

/** Opens the page in the context; with a clock that the test turns, unless it says not. */
async function open({ withClock = true, path = "" } = {}): Promise<Tab> {
  const page = await context.newPage();
  const lines: string[] = [];
  let loads = 0;
  page.on("console", (message) => void lines.push(message.text()));
  page.on("pageerror", (error) => void lines.push(`${error}`));
  page.on("request", (request) => {
    if (request.isNavigationRequest()) loads++;
  });
  if (withClock) await page.clock.install();
  const heard = page.waitForEvent("console", (message) =>
    message.text().startsWith("Version update"),
  );
  await page.goto(rig.url + path);
  await heard;
  return {
    page,
    toast: page.locator('[part="notice"]'),
    line: page.locator('[part="countdown"]'),
    lines,
    loads: () => loads,
  };
}

/** The seconds that the countdown shows. */
async function secondsLeft({ line }: Tab): Promise<number> {
  return Number(/^Reloading in (\d+) seconds$/.exec((await line.textContent()) ?? "")?.[1]);
}

/** Opens the page and deploys "b2" to it. */
async function openBehind(change?: Parameters<PageRig["deploy"]>[1]): Promise<Tab> {
  const tab = await open();
  rig.deploy("b2", change);
  await tab.toast.waitFor();
  return tab;
}

/** Turns the page's clock in steps below its countdown, as what it asks its host takes real time. */
async function turnUntil({ page }: Tab, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const turn = async () => {
    await page.clock.runFor(5_000);
    return isSo();
  };
  await expect.poll(turn, { timeout: 60_000, interval: 100 }).toBe(true);
}

/** What a browser does to a tab that goes to the background, or comes back. */
async function setHidden({ page }: Tab, isHidden: boolean): Promise<void> {
  await page.evaluate((hidden) => {
    Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
  }, isHidden);
}

const button = ({ toast }: Tab, name: string) => toast.getByRole("button", { name, exact: true });

describe("a new version", () => {
  beforeEach(() => newContext());

  test("shows the toast in three tabs of one stream, and Reload now loads it", async () => {
    const tabs = [await open(), await open(), await open()];
    expect(rig.streams).toBe(1);
    rig.deploy("b2");
    for (const { toast } of tabs) await toast.waitFor();
    expect(rig.streams).toBe(1);
    const [tab] = tabs as [Tab];
    expect(tab.lines).toEqual([
      "Establishing SSE connection to /events/version",
      "SSE connection opened successfully",
      "Version update received: a1 (current: a1)",
      "Version update received: b2 (current: a1)",
      "New version available: b2 - showing reload toast",
    ]);
    expect(await tab.toast.textContent()).toContain("New version available");
    await button(tab, "Reload now").click();
    await tab.page.getByText("Tidepool b2").waitFor();
    expect(await tab.toast.isVisible()).toBe(false);
  });

  test("is loaded by itself when the countdown of 30 s is left alone", async () => {
    const tab = await openBehind();
    expect(await secondsLeft(tab)).toBe(30);
    await tab.page.clock.runFor(10_000);
    expect(await secondsLeft(tab)).toBeLessThanOrEqual(20);
    await tab.page.clock.runFor(18_000);
    expect(await secondsLeft(tab)).toBeGreaterThan(0);
    expect(tab.loads()).toBe(1);
    await tab.page.clock.runFor(2_500);
    await tab.page.getByText("Tidepool b2").waitFor();
    expect(tab.loads()).toBe(2);
  });

  test("that a cache keeps from loads is not tried for ever", async () => {
    rig.cached = "a1";
    const tab = await openBehind();
    const { page, lines } = tab;
    const heard = () => lines.filter((line) => line.startsWith("Version update received: b2"));
    for (const loads of [1, 2, 3]) {
      await expect.poll(() => heard().length).toBe(loads);
      expect(tab.loads()).toBe(loads);
      if (loads === 3) break;
      // The countdown ends, the page looks at its host, and loads.
      await turnUntil(tab, () => tab.loads() > loads);
    }
    for (let minute = 0; minute < 10; minute++) await page.clock.runFor(60_000);
    expect(tab.loads()).toBe(3);
    rig.cached = undefined;
  });

  test("is not loaded by itself where a load cannot be noted, and by a click it is", async () => {
    await context.addInitScript(() => {
      for (const memory of ["localStorage", "sessionStorage"]) {
        Object.defineProperty(window, memory, {
          get() {
            throw new DOMException("Access is denied for this document");
          },
        });
      }
      window.name = "docs";
    });
    const tab = await openBehind();
    expect(await tab.line.textContent()).toBe("");
    await tab.page.clock.runFor(120_000);
    expect(tab.loads()).toBe(1);
    await button(tab, "Reload now").click();
    await tab.page.getByText("Tidepool b2").waitFor();
  });

  test("is none where the host answers with a page that names no version", async () => {
    const tab = await open();
    rig.deploy("b2");
    rig.publish("");
    await expect.poll(() => tab.lines.at(-1)).toContain("b2");
    await tab.page.clock.runFor(60_000);
    expect(await tab.toast.isVisible()).toBe(false);
    rig.publish("b2");
    await turnUntil(tab, () => tab.toast.isVisible());
    expect(tab.loads()).toBe(1);
  });

  test("is not loaded by itself where the tag says so", async () => {
    rig.attributes += ' data-countdown="off"';
    const tab = await openBehind();
    expect(await tab.line.textContent()).toBe("");
    await tab.page.clock.runFor(120_000);
    expect(tab.loads()).toBe(1);
  });

  test("is told as a rollback to a tab of a newer one", async () => {
    rig.deploy("b2");
    const tab = await open();
    rig.deploy("a1", { kind: "rollback" });
    await tab.toast.waitFor();
    expect(await tab.toast.getAttribute("aria-label")).toBe("Rolled back to a1");
  });

  test("that is critical says why, and Escape stops no more than its countdown", async () => {
    const tab = await openBehind({ severity: "critical" });
    expect(await tab.toast.textContent()).toContain("It fixes a serious problem");
    expect(await button(tab, "Later").count()).toBe(0);
    await tab.page.keyboard.press("Escape");
    await tab.line.waitFor({ state: "hidden" });
    await tab.page.clock.runFor(60_000);
    expect(await tab.toast.isVisible()).toBe(true);
    expect(tab.loads()).toBe(1);
  });
});

describe("the countdown", () => {
  beforeEach(() => newContext());

  test("stands while a field holds what was typed, until its form is submitted", async () => {
    const tab = await open();
    const { page } = tab;
    await page.evaluate(() => addEventListener("submit", (event) => event.preventDefault()));
    await page.getByLabel("Title").fill("Milk");
    rig.deploy("b2");
    await tab.toast.getByText("Paused: unsaved input").waitFor();
    await page.clock.runFor(120_000);
    expect(tab.loads()).toBe(1);
    expect(await page.getByLabel("Title").inputValue()).toBe("Milk");

    await page.getByRole("button", { name: "Save" }).click();
    await page.clock.runFor(500);
    expect(await secondsLeft(tab)).toBe(30);
    await page.clock.runFor(31_000);
    await page.getByText("Tidepool b2").waitFor();
  });

  test("stands for text outside of a form, until it is gone", async () => {
    const tab = await open();
    await tab.page.getByLabel("Apart").fill("Milk");
    rig.deploy("b2");
    await tab.toast.getByText("Paused: unsaved input").waitFor();
    await tab.page.getByLabel("Apart").fill("");
    await tab.page.clock.runFor(31_000);
    await tab.page.getByText("Tidepool b2").waitFor();
  });

  test("stands for text that the page takes over as the field's own, as React does", async () => {
    const tab = await open();
    const { page } = tab;
    await page.evaluate(() =>
      addEventListener("input", ({ target }) => {
        const field = target as HTMLTextAreaElement;
        field.defaultValue = field.value;
      }),
    );
    await page.getByLabel("Apart").pressSequentially("Milk");
    rig.deploy("b2");
    await tab.toast.getByText("Paused: unsaved input").waitFor();
    await page.clock.runFor(60_000);
    expect(tab.loads()).toBe(1);
  });

  test("stands below a dialog that wants an answer first", async () => {
    rig.body += "<dialog>Delete it?</dialog>";
    const tab = await openBehind();
    await tab.page.evaluate(() => document.querySelector("dialog")?.showModal());
    await tab.page.clock.runFor(60_000);
    expect(tab.loads()).toBe(1);
    await tab.page.evaluate(() => document.querySelector("dialog")?.close());
    await tab.page.clock.runFor(31_000);
    await tab.page.getByText("Tidepool b2").waitFor();
  });

  test("stands for whatever a load would lose, wherever it is, and for nothing else", async () => {
    rig.body += `<div contenteditable aria-label="Editor"></div><form><label><input type="checkbox">
      Agree</label><select aria-label="Size"><option>S<option>M</select>
      <div contenteditable aria-label="Note"></div>
      <button type="reset">Undo</button><button>Hand in</button></form><div class="host"></div>`;
    const tab = await openBehind();
    const { page } = tab;
    await page.evaluate(() => {
      const field = document.createElement("input");
      field.ariaLabel = "Within";
      document.querySelector(".host")?.attachShadow({ mode: "open" }).append(field);
    });
    await page.evaluate(() => addEventListener("submit", (event) => event.preventDefault()));
    const paused = tab.toast.getByText("Paused: unsaved input");
    const losses: [does: () => Promise<void>, undoes: () => Promise<unknown>][] = [
      [() => page.getByLabel("Editor").fill("Milk"), () => page.getByLabel("Editor").fill("")],
      [() => page.getByLabel("Agree").check(), () => page.getByLabel("Agree").uncheck()],
      [() => page.getByLabel("Agree").check(), () => page.getByText("Undo").click()],
      [
        async () => void (await page.getByLabel("Size").selectOption("M")),
        () => page.getByText("Undo").click(),
      ],
      [() => page.getByLabel("Note").fill("Milk"), () => page.getByText("Hand in").click()],
      [
        () => page.getByLabel("Within").fill("Milk"),
        () => page.evaluate(() => document.querySelector(".host")?.remove()),
      ],
    ];
    for (const [does, undoes] of losses) {
      await does();
      await paused.waitFor();
      await undoes();
      await paused.waitFor({ state: "hidden" });
    }
  });

  test("starts again when a person types while the host is asked at its end", async () => {
    const tab = await openBehind();
    let answer = () => {};
    rig.lookDelay = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const asked = tab.page.waitForRequest((request) => request.url() === tab.page.url());
    await tab.page.clock.runFor(31_000);
    await asked;
    await tab.page.clock.runFor(2_000);
    expect(await secondsLeft(tab)).toBe(1);
    await tab.page.getByLabel("Title").fill("Milk");
    answer();
    await tab.toast.getByText("Paused: unsaved input").waitFor();
    await tab.page.getByLabel("Title").fill("");
    await tab.page.clock.runFor(500);
    expect(await secondsLeft(tab)).toBe(30);
    expect(tab.loads()).toBe(1);
  });

  test("stands while the page registers a blocker, and names it", async () => {
    const tab = await openBehind();
    await tab.page.evaluate(() => {
      const { tideline } = window as unknown as Record<string, Record<string, CallableFunction>>;
      const release = tideline?.registerBlocker?.("Upload");
      document.addEventListener("click", () => release());
    });
    await tab.toast.getByText("Paused: Upload").waitFor();
    await tab.page.clock.runFor(120_000);
    expect(tab.loads()).toBe(1);
    await tab.page.getByRole("heading").click();
    await tab.page.clock.runFor(31_000);
    await tab.page.getByText("Tidepool b2").waitFor();
  });

  test("stands while the pointer or the focus is in the toast", async () => {
    const tab = await openBehind();
    await tab.toast.hover();
    await tab.page.clock.runFor(60_000);
    expect(await secondsLeft(tab)).toBeGreaterThan(20);
    await tab.page.mouse.move(0, 0);
    await button(tab, "Later").focus();
    await tab.page.clock.runFor(60_000);
    expect(await secondsLeft(tab)).toBeGreaterThan(20);
    expect(tab.loads()).toBe(1);
  });

  test("leaves at least 20 s to who comes back after 10 minutes", async () => {
    const tab = await openBehind();
    await tab.page.clock.runFor(25_000);
    expect(await secondsLeft(tab)).toBeLessThan(10);
    await setHidden(tab, true);
    await tab.page.clock.runFor(600_000);
    expect(tab.loads()).toBe(1);
    await setHidden(tab, false);
    expect(await secondsLeft(tab)).toBeGreaterThanOrEqual(20);
    await tab.page.clock.runFor(18_000);
    expect(tab.loads()).toBe(1);
    await tab.page.clock.runFor(4_000);
    await tab.page.getByText("Tidepool b2").waitFor();
  });

  test("leaves at least 20 s when the machine slept", async () => {
    const tab = await openBehind();
    await tab.page.clock.runFor(25_000);
    await tab.page.clock.fastForward(600_000);
    expect(await secondsLeft(tab)).toBeGreaterThanOrEqual(20);
    expect(tab.loads()).toBe(1);
  });
});

describe("Later", () => {
  beforeEach(() => newContext());

  test("is what Escape means, in all tabs and over a reload, until the next deployment", async () => {
    rig.cached = "a1";
    const tab = await open();
    const other = await open();
    rig.deploy("b2");
    await tab.toast.waitFor();
    await other.toast.waitFor();
    await tab.page.keyboard.press("Escape");
    await tab.toast.waitFor({ state: "hidden" });
    await other.toast.waitFor({ state: "hidden" });

    const heard = tab.page.waitForEvent("console", (message) =>
      /b2 .current: a1/.test(message.text()),
    );
    await tab.page.reload();
    await heard;
    // Less than the silence after which a tab takes the stream to be dead.
    await tab.page.clock.runFor(40_000);
    expect(await tab.toast.isVisible()).toBe(false);
    expect(tab.loads() + other.loads()).toBe(3);

    rig.deploy("c3");
    await tab.toast.waitFor();
    await other.toast.waitFor();
    expect(await other.toast.textContent()).toContain("c3");
  });

  test("is not what Escape means to a dialog", async () => {
    rig.body += "<dialog>Delete it?</dialog>";
    const tab = await openBehind();
    await tab.page.evaluate(() => document.querySelector("dialog")?.showModal());
    await tab.page.keyboard.press("Escape");
    expect(await tab.page.locator("dialog").isVisible()).toBe(false);
    expect(await tab.toast.isVisible()).toBe(true);
    await tab.page.keyboard.press("Escape");
    await tab.toast.waitFor({ state: "hidden" });
  });
});

describe("the toast", () => {
  const looks = [
    { colorScheme: "light", width: 320 },
    { colorScheme: "dark", width: 1440 },
  ] as const;

  test.each(looks)(
    "has no finding by axe in $colorScheme at $width px",
    async ({ colorScheme, width }) => {
      await newContext({ colorScheme, viewport: { width, height: 640 }, reducedMotion: "reduce" });
      for (const change of [{ notes: "Notes can be pinned" }, { severity: "critical" as const }]) {
        const { page } = await openBehind(change);
        expect(await axeFindings(page)).toEqual([]);
        rig.publish("a1");
        rig.deploy("a1");
      }
    },
  );

  test("is usable at 320 px with long labels, by touch and without sideways scrolling", async () => {
    await newContext({ viewport: { width: 320, height: 480 }, hasTouch: true });
    const strings = {
      "New version available": "Eine neue Version dieser Anwendung",
      "Reload now": "Jetzt neu laden",
      Later: "Sp\u00e4ter erinnern",
    };
    rig.attributes += ` data-strings='${JSON.stringify(strings)}'`;
    const tab = await openBehind({
      gitTag: "release-".repeat(8),
      notes: "Pinned notes. ".repeat(20),
    });
    expect(await tab.page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
    for (const name of ["Jetzt neu laden", "Sp\u00e4ter erinnern"]) {
      const box = await button(tab, name).boundingBox();
      expect(box?.x).toBeGreaterThanOrEqual(0);
      expect((box?.x ?? 0) + (box?.width ?? 999)).toBeLessThanOrEqual(320);
      expect(box?.height).toBeGreaterThanOrEqual(24);
    }
    await button(tab, "Jetzt neu laden").tap();
    await tab.page.getByText("Tidepool b2").waitFor();
  });

  test("leaves the focus where it is, and is reached by Tab", async () => {
    await newContext();
    const tab = await open();
    const { page } = tab;
    const field = page.getByLabel("Apart");
    await field.focus();
    rig.deploy("b2");
    await tab.toast.waitFor();
    expect(await field.evaluate((element) => element === document.activeElement)).toBe(true);
    await page.keyboard.press("Tab");
    const focused = () =>
      page.evaluate(
        () => document.querySelector("tideline-toast")?.shadowRoot?.activeElement?.textContent,
      );
    expect(await focused()).toBe("Reload now");
    await page.keyboard.press("Tab");
    expect(await focused()).toBe("Later");
    await page.keyboard.press("Enter");
    await tab.toast.waitFor({ state: "hidden" });

    rig.deploy("c3");
    await tab.toast.waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByText("Tidepool c3").waitFor();
  });

  test("is read out when it comes and at 10 s, and not in between", async () => {
    await newContext();
    const tab = await open();
    await tab.page.evaluate(() => {
      const said: string[] = [];
      Reflect.set(window, "said", said);
      const root = document.querySelector("tideline-toast")?.shadowRoot as ShadowRoot;
      const status = root.querySelector("output") as HTMLElement;
      new MutationObserver(() => void said.push(status.textContent)).observe(status, {
        childList: true,
      });
    });
    rig.deploy("b2");
    await tab.toast.waitFor();
    await tab.page.clock.runFor(25_000);
    expect(await tab.page.evaluate(() => Reflect.get(window, "said"))).toEqual([
      "New version available. Reloading in 30 seconds",
      "Reloading in 10 seconds",
    ]);
  });

  test("stays in the window whatever it has to tell", async () => {
    await newContext({ viewport: { width: 320, height: 568 } });
    const tab = await openBehind({ notes: "What changed. ".repeat(290) });
    const box = await tab.toast.boundingBox();
    expect(box?.y).toBeGreaterThanOrEqual(0);
    await button(tab, "Later").scrollIntoViewIfNeeded();
    await button(tab, "Later").click();
    await tab.toast.waitFor({ state: "hidden" });
  });

  test("does not move", async () => {
    await newContext();
    const { toast } = await openBehind();
    expect(await toast.evaluate((element) => element.getAnimations().length)).toBe(0);
  });

  test("stands under a policy that is in force", async () => {
    await newContext();
    const { page } = await openBehind();
    expect(rig.reports).toEqual([]);
    await page.evaluate(() => document.body.setAttribute("style", "color: red"));
    await expect.poll(() => rig.reports.length).toBe(1);
    rig.reports.length = 0;
  });
});

describe("the tag", () => {
  beforeEach(() => newContext());

  test("may be there twice", async () => {
    rig.head = '<script src="/tideline.js" data-app="web"></script>';
    const tab = await openBehind();
    expect(rig.streams).toBe(1);
    expect(await tab.toast.count()).toBe(1);
    expect(tab.lines.filter((line) => line.startsWith("New version"))).toHaveLength(1);
  });

  test("with a countdown that cannot be read has none", async () => {
    rig.attributes += ' data-countdown="soon"';
    const tab = await openBehind();
    await tab.page.clock.runFor(120_000);
    expect(tab.loads()).toBe(1);
  });

  test("on a page that names no version says so, and nothing else", async () => {
    rig.publish("dev");
    const tab = await open();
    rig.deploy("b2");
    await expect.poll(() => tab.lines.at(-1)).toContain("b2");
    expect(tab.lines[0]).toBe('Cannot watch: expected data-app-version, got "dev"');
    expect(await tab.toast.isVisible()).toBe(false);
  });
});
