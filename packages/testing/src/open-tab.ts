import type {
  Browser,
  BrowserContext,
  BrowserContextOptions,
  Locator,
  Page,
} from "playwright-core";

/** A tab of an app, and what has been seen in it. */
export interface Tab {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly notice: Locator;
  /** How often the document was loaded, the first time included. */
  loads(): number;
  /** How often the page looked at its own document since it was loaded, past every cache. */
  looks(): number;
  /** The titles of the notices that came up since the page was loaded, in their order. */
  notices(): Promise<readonly string[]>;
  /** Resolves when the live query has delivered, or the page has logged, something with `text` in it. */
  heard(text: string): Promise<void>;
}

export interface TabOptions {
  readonly context?: BrowserContext;
  readonly contextOptions?: BrowserContextOptions;
  /** Lets the test turn the page's clock. @default false */
  readonly withClock?: boolean;
  /** Called before the page is loaded. */
  readonly prepare?: (page: Page) => Promise<void>;
}

/** The notice of a React app, and the toast of a page without. */
const NOTICE =
  '[data-tideline-part="notice"]:not([data-leaving], :empty), [part="notice"]:not(:empty)';

/** Opens a page and waits until its app is there and the live query has answered. */
export async function openTab(
  browser: Browser,
  url: string,
  options: TabOptions = {},
): Promise<Tab> {
  const context = options.context ?? (await browser.newContext(options.contextOptions));
  const page = await context.newPage();
  let loads = 0;
  let looks = 0;
  let received = "";
  const waiting = new Set<() => void>();
  page.on("request", (request) => {
    if (request.isNavigationRequest()) {
      loads++;
      looks = 0;
    } else if (request.resourceType() === "fetch" && request.headers().accept === "text/html") {
      looks++;
    }
  });
  const receive = (text: string | Buffer) => {
    received += `${text}\n`;
    for (const check of waiting) check();
  };
  page.on("websocket", (socket) => {
    socket.on("framereceived", ({ payload }) => receive(payload));
  });
  // A stream of events cannot be looked into from outside; whoever follows one says what it heard.
  page.on("console", (message) => receive(message.text()));
  await page.addInitScript(watchNotices, NOTICE);
  if (options.withClock) await page.clock.install();
  await options.prepare?.(page);
  await page.goto(url);

  const heard = (text: string) =>
    new Promise<void>((resolve) => {
      const check = () => {
        if (!received.includes(text)) return;
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      check();
    });
  return {
    page,
    context,
    notice: page.locator(NOTICE),
    loads: () => loads,
    looks: () => looks,
    notices: () => page.evaluate(() => Reflect.get(window, "rigNotices") as string[]),
    heard,
  };
}

/**
 * Runs in the page: keeps the title of every notice that comes up, however short it stays; also
 * those in shadow roots.
 */
function watchNotices(selector: string): void {
  const seen: string[] = [];
  Reflect.set(window, "rigNotices", seen);
  const roots: (Document | ShadowRoot)[] = [];
  let last = "";
  const look = () => {
    const notice = roots.map((root) => root.querySelector(selector)).find((found) => found);
    const title = notice?.getAttribute("aria-label") ?? "";
    if (title !== "" && title !== last) seen.push(title);
    last = title;
  };
  const observer = new MutationObserver(look);
  const observe = (root: Document | ShadowRoot) => {
    roots.push(root);
    observer.observe(root, { subtree: true, childList: true, attributes: true });
  };
  observe(document);
  const { attachShadow } = Element.prototype;
  Element.prototype.attachShadow = function (init) {
    const root = attachShadow.call(this, init);
    observe(root);
    return root;
  };
}
