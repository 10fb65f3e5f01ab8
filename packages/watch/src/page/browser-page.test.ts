// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { queryOnce } from "../query-once.js";
import { browserPage } from "./browser-page.js";
import { readStamp } from "./read-stamp.js";
import { recoverChunks } from "./recover-chunks.js";
import { retryImport } from "./retry-import.js";

const TARGET = { appName: "web", environment: "production" };
const html = (buildId: string) =>
  `<!doctype html><head><meta name="tideline-build" content='{"buildId":"${buildId}"}'></head>`;
const respond = (body: string, status = 200) =>
  vi.spyOn(globalThis, "fetch").mockImplementation(async () => new Response(body, { status }));
let reloads: number;

beforeEach(() => {
  vi.useFakeTimers();
  reloads = 0;
  vi.spyOn(location, "reload").mockImplementation(() => {
    reloads++;
    dispatchEvent(new Event("pagehide"));
  });
  sessionStorage.clear();
  localStorage.clear();
  document.head.innerHTML = "";
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  window.name = "";
});

test("readStamp() is null without a tag, and for one that cannot be parsed", () => {
  expect(readStamp()).toBeNull();
  document.head.innerHTML = '<meta name="tideline-build" content="{oops">';
  expect(readStamp()).toBeNull();
  document.head.innerHTML = html("a1");
  expect(readStamp()?.buildId).toBe("a1");
});

test("servedBuild() reads this very address past the caches", async () => {
  const fetched = respond(html("b2"));
  expect(await browserPage.servedBuild()).toBe("b2");
  expect(fetched).toHaveBeenCalledWith(
    location.href,
    expect.objectContaining({ cache: "no-store" }),
  );
});

test.each([429, 500, 503])("servedBuild() rejects for status %i", async (status) => {
  respond(html("b2"), status);
  await expect(browserPage.servedBuild()).rejects.toMatchObject({ status });
});

test("servedBuild() believes the page of a host that serves it with status 404", async () => {
  respond(html("b2"), 404);
  expect(await browserPage.servedBuild()).toBe("b2");
});

test.each([
  ["servedBuild()", () => browserPage.servedBuild()],
  [
    "queryOnce()",
    () => queryOnce("https://example.invalid", "deployments:watchLatestDeployment", TARGET),
  ],
])("%s gives up on a host that does not answer for 10 s", async (_name, ask) => {
  vi.spyOn(AbortSignal, "timeout").mockImplementation((ms) => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new DOMException("Too late", "TimeoutError")), ms);
    return controller.signal;
  });
  vi.spyOn(globalThis, "fetch").mockImplementation(
    (_url, init) =>
      new Promise((_resolve, reject) => {
        init?.signal?.addEventListener("abort", () => reject(init.signal?.reason));
      }),
  );
  let outcome = "waits";
  ask().catch((error) => {
    outcome = error.name;
  });
  await vi.advanceTimersByTimeAsync(9_999);
  expect(outcome).toBe("waits");
  await vi.advanceTimersByTimeAsync(1);
  expect(outcome).toBe("TimeoutError");
});

test("servedBuild() is undefined for a document without a stamp", async () => {
  respond("<!doctype html><title>Sign in</title>");
  expect(await browserPage.servedBuild()).toBeUndefined();
});

test("reload() clears the Cache Storage first, and loads once", async () => {
  const deleted: string[] = [];
  vi.stubGlobal("caches", {
    keys: async () => ["old", "older"],
    delete: async (name: string) => deleted.push(name),
  });
  browserPage.reload(() => {});
  await vi.advanceTimersByTimeAsync(10_000);
  expect(deleted).toEqual(["old", "older"]);
  expect(reloads).toBe(1);
  vi.unstubAllGlobals();
});

test("reload() waits no longer than 3 s for caches and service workers", async () => {
  vi.stubGlobal("caches", { keys: () => new Promise(() => {}) });
  browserPage.reload(() => {});
  await vi.advanceTimersByTimeAsync(2_999);
  expect(reloads).toBe(0);
  await vi.advanceTimersByTimeAsync(1);
  expect(reloads).toBe(1);
  vi.unstubAllGlobals();
});

test("reload() lets a waiting service worker take over", async () => {
  const posted: unknown[] = [];
  const container = {
    oncontrollerchange: () => {},
    getRegistration: async () => ({ waiting }),
  };
  const waiting = {
    postMessage: (message: unknown) => {
      posted.push(message);
      setTimeout(() => container.oncontrollerchange(), 100);
    },
  };
  vi.stubGlobal("caches", { keys: async () => [] });
  Object.defineProperty(navigator, "serviceWorker", { configurable: true, value: container });
  browserPage.reload(() => {});
  await vi.advanceTimersByTimeAsync(99);
  expect(reloads).toBe(0);
  await vi.advanceTimersByTimeAsync(1);
  Reflect.deleteProperty(navigator, "serviceWorker");
  expect(posted).toEqual([{ type: "SKIP_WAITING" }]);
  expect(reloads).toBe(1);
  vi.unstubAllGlobals();
});

test("listen() wakes for a page that was hidden for 30 s, not for less, and when the network is back", () => {
  let wakes = 0;
  browserPage.listen(
    () => wakes++,
    () => {},
  );
  const hidden = vi.spyOn(document, "hidden", "get");
  const show = (isHidden: boolean) => {
    hidden.mockReturnValue(isHidden);
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
  };
  show(true);
  vi.advanceTimersByTime(29_999);
  show(false);
  expect(wakes).toBe(0);
  show(true);
  vi.advanceTimersByTime(30_000);
  show(false);
  expect(wakes).toBe(1);
  dispatchEvent(new Event("online"));
  expect(wakes).toBe(2);
});

test("where storage throws, the tab's memory is window.name, unless the app uses that", () => {
  const refuse = () => {
    throw new DOMException("Blocked", "SecurityError");
  };
  vi.spyOn(window, "sessionStorage", "get").mockImplementation(refuse);
  vi.spyOn(window, "localStorage", "get").mockImplementation(refuse);
  browserPage.remember("localStorage", "later", "1:b:normal");
  expect(window.name).toBe("");
  browserPage.remember("sessionStorage", "loads", ",1");
  expect(browserPage.recall("sessionStorage", "loads")).toBe(",1");
  window.name = "checkout-frame";
  browserPage.remember("sessionStorage", "loads", ",1,2");
  expect(window.name).toBe("checkout-frame");
});

test("where storage is full, what it refused to keep is found all the same", () => {
  const full = new Proxy({} as Storage, {
    set() {
      throw new DOMException("Full", "QuotaExceededError");
    },
  });
  vi.spyOn(window, "sessionStorage", "get").mockReturnValue(full);
  browserPage.remember("sessionStorage", "loads", ",1");
  expect(browserPage.recall("sessionStorage", "loads")).toBe(",1");
});

test("a lost chunk loads the page once where the host serves another build", async () => {
  document.head.innerHTML = html("a1");
  respond(html("b2"));
  const stop = recoverChunks();
  dispatchEvent(new Event("vite:preloadError"));
  dispatchEvent(new Event("vite:preloadError"));
  await vi.advanceTimersByTimeAsync(5_000);
  expect(reloads).toBe(1);

  // The same build came back, and the chunk is still lost.
  stop();
  const stopAgain = recoverChunks();
  dispatchEvent(new Event("vite:preloadError"));
  await vi.advanceTimersByTimeAsync(5_000);
  expect(reloads).toBe(1);
  stopAgain();
});

test.each([
  ["the host serves this very build", html("a1"), 200],
  ["the host fails", "", 503],
  ["the document has no stamp", "<!doctype html>", 200],
])("a lost chunk changes nothing when %s", async (_case, body, status) => {
  document.head.innerHTML = html("a1");
  respond(body, status);
  const stop = recoverChunks();
  dispatchEvent(new Event("vite:preloadError"));
  await vi.advanceTimersByTimeAsync(5_000);
  expect(reloads).toBe(0);
  stop();
});

test("a lost chunk changes nothing where the load cannot be noted", async () => {
  vi.spyOn(window, "sessionStorage", "get").mockImplementation(() => {
    throw new DOMException("Access is denied for this document");
  });
  window.name = "checkout-frame";
  document.head.innerHTML = html("a1");
  respond(html("b2"));
  const stop = recoverChunks();
  dispatchEvent(new Event("vite:preloadError"));
  await vi.advanceTimersByTimeAsync(5_000);
  expect(reloads).toBe(0);
  // A name that nobody uses remembers it.
  window.name = "";
  dispatchEvent(new Event("vite:preloadError"));
  await vi.advanceTimersByTimeAsync(5_000);
  expect(reloads).toBe(1);
  stop();
});

test("retryImport() tries three times, and lets the last error through", async () => {
  let attempts = 0;
  const failing = retryImport(async () => {
    attempts++;
    throw new TypeError(`Failed to fetch, attempt ${attempts}`);
  });
  const outcome = expect(failing).rejects.toThrow("attempt 3");
  await vi.advanceTimersByTimeAsync(2_500);
  await outcome;
});

test("retryImport() gives what the second attempt loads", async () => {
  let attempts = 0;
  const loading = retryImport(async () => {
    attempts++;
    if (attempts === 1) throw new TypeError("Failed to fetch");
    return { default: "settings" };
  });
  await vi.advanceTimersByTimeAsync(500);
  expect(await loading).toEqual({ default: "settings" });
});
