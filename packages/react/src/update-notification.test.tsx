// @vitest-environment happy-dom

import { act, cleanup, render, renderHook, screen } from "@testing-library/react";
import { FakeLedger, fakeStamp } from "@tideline/testing";
import { shortCommit } from "@tideline/version";
import type { DeploymentSource } from "@tideline/watch";
import axe from "axe-core";
import { ConvexProvider, type ConvexReactClient } from "convex/react";
import { type ReactNode, StrictMode } from "react";
import { hydrateRoot } from "react-dom/client";
import { renderToString } from "react-dom/server";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { UpdateNotification, useVersionCheck } from "./index.js";

const NOW = Date.UTC(2026, 10, 20, 12);
let ledger: FakeLedger;
let served: string | undefined;
let reloads: number;

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
  ledger = new FakeLedger();
  ledger.record("a");
  serve("a");
  reloads = 0;
  vi.spyOn(globalThis, "fetch").mockImplementation(async () => new Response(html(served)));
  vi.spyOn(location, "reload").mockImplementation(() => {
    reloads++;
  });
  document.head.innerHTML = html("a");
  sessionStorage.clear();
  localStorage.clear();
});
afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

function serve(buildId: string) {
  served = buildId;
}
const html = (buildId = "") =>
  `<meta name="tideline-build" content='${JSON.stringify(fakeStamp(buildId))}'>`;

/** Deploys a build, and lets the page hear of it and ask its host. */
async function deploy(...args: Parameters<FakeLedger["record"]>) {
  serve(args[0]);
  await act(async () => {
    ledger.record(...args);
    await vi.advanceTimersByTimeAsync(10);
  });
}

function State() {
  return useVersionCheck({ source: ledger }).state;
}

const show = (props: Parameters<typeof UpdateNotification>[0] = {}) =>
  render(<UpdateNotification source={ledger} locale="en" {...props} />);
const notice = () => screen.queryByRole("region");

test("nothing is there but an empty live region until there is an update", () => {
  const { container } = show();
  expect(container.textContent).toBe("");
  expect(screen.getByRole("status")).toBeTruthy();
});

test("the live region that speaks is the one that was there before", async () => {
  show();
  const region = screen.getByRole("status");
  await deploy("b");
  expect(screen.getByRole("status")).toBe(region);
  expect(region.textContent).toBe("New version available");
});

test("the notice says version, build number, age and commit", async () => {
  show();
  await deploy("b", { version: "1.4.2", deployedAt: NOW - 125_000, notes: "Faster search" });
  expect(notice()?.textContent).toBe(
    "New version availablev1.4.2Build #7Deployed 2 minutes ago0123456789abFaster searchRefreshLater",
  );
  expect(screen.getByText("Deployed 2 minutes ago").title).toContain("11/20/2026");
});

test("the badge is the tag where there is one", async () => {
  show();
  await deploy("b", { version: "1.4.2", gitTag: "web-1.4.2" });
  expect(screen.getByText("web-1.4.2")).toBeTruthy();
});

test.each([
  ["1.4.2", "v1.4.2"],
  ["2.0-beta", "v2.0-beta"],
  ["20261120-150931", "20261120-150931"],
  ["v3.0.0", "v3.0.0"],
  ["nightly", "nightly"],
])("the badge of version %s is %s", async (version, badge) => {
  show();
  await deploy("b", { version });
  expect(screen.getByText(badge).className).toBe("tideline-badge");
});

test("a rollback to a version that is no number.number has its name as it is", async () => {
  ledger.record("b");
  document.head.innerHTML = html("b");
  show();
  await deploy("a", { kind: "rollback", version: "20261120-150931" });
  expect(screen.getByRole("region", { name: "Rolled back to 20261120-150931" })).toBeTruthy();
});

test.each([
  ["babdd623828a4c1f0d5e7b9a2c3d4e5f60718293-dirty", true],
  ["unknown", false],
  ["feature-dirty", false],
])("the commit %s is shown: %s", async (gitCommit, isShown) => {
  const source: DeploymentSource = {
    subscribe: (query, onLatest, onError) =>
      ledger.subscribe(query, (latest) => onLatest(latest && { ...latest, gitCommit }), onError),
  };
  const { container } = show({ source });
  await deploy("b");
  expect(container.querySelector("code")?.textContent).toBe(
    isShown ? shortCommit(gitCommit) : undefined,
  );
});

test("notes that are longer than a line can be unfolded", async () => {
  const notes = "Faster search. ".repeat(20);
  const { container } = show();
  await deploy("b", { notes });
  const summary = container.querySelector("summary");
  expect(summary?.textContent).toBe(notes);
  expect(summary?.title).toBe(notes);
  expect(container.querySelector("details")?.open).toBe(false);
  await act(async () => summary?.click());
  expect(container.querySelector("details")?.open).toBe(true);
});

test("Refresh while the host is down keeps the page, and says that it cannot be reached", async () => {
  show();
  await deploy("b");
  vi.mocked(fetch).mockRejectedValue(new TypeError("Failed to fetch"));
  await act(async () => {
    screen.getByRole("button", { name: "Refresh" }).click();
    await vi.advanceTimersByTimeAsync(5_000);
  });
  expect(reloads).toBe(0);
  expect(notice()?.textContent).toContain("cannot be reached yet");
  vi.mocked(fetch).mockImplementation(async () => new Response(html(served)));
  await act(() => vi.advanceTimersByTimeAsync(30_000));
  expect(screen.getByRole("button", { name: "Refresh" })).toBeTruthy();
});

test("its age ticks, and is not read out again", async () => {
  show();
  await deploy("b", { deployedAt: NOW });
  expect(screen.getByText("Deployed now")).toBeTruthy();
  await act(() => vi.advanceTimersByTimeAsync(90_000));
  const age = screen.getByText("Deployed 1 minute ago");
  expect(screen.getByRole("status").contains(age)).toBe(false);
});

test("Refresh loads the page, once, however often it is clicked", async () => {
  show();
  await deploy("b");
  await act(async () => {
    for (let click = 0; click < 5; click++) {
      screen.getByRole("button", { name: "Refresh" }).click();
      await vi.advanceTimersByTimeAsync(500);
    }
    await vi.advanceTimersByTimeAsync(3_000);
  });
  expect(reloads).toBe(1);
});

test.each(["Later", "Close"])("%s hides this deployment and no later one", async (name) => {
  show();
  await deploy("b");
  await act(async () => {
    screen.getByRole("button", { name }).click();
    await vi.advanceTimersByTimeAsync(120);
  });
  expect(notice()).toBeNull();
  await deploy("c");
  expect(notice()).not.toBeNull();
});

test("it leaves within 120 ms, and says nothing meanwhile", async () => {
  show();
  await deploy("b");
  await act(async () => screen.getByRole("button", { name: "Later" }).click());
  expect(notice()?.hasAttribute("data-leaving")).toBe(true);
  expect(screen.getByRole("status").textContent).toBe("");
  await act(() => vi.advanceTimersByTimeAsync(120));
  expect(notice()).toBeNull();
});

test("Escape is Later while it holds the focus, which then goes back to where it was", async () => {
  const { container } = render(
    <>
      <input aria-label="Note" />
      <UpdateNotification source={ledger} />
    </>,
  );
  const field = screen.getByLabelText("Note");
  field.focus();
  await deploy("b");
  // It takes no focus by itself, and a key elsewhere is not meant for it.
  expect(document.activeElement).toBe(field);
  press(field, "Escape");
  expect(notice()?.hasAttribute("data-leaving")).toBe(false);

  const later = screen.getByRole("button", { name: "Later" });
  await act(async () => later.focus());
  await act(async () => press(later, "Escape"));
  await act(() => vi.advanceTimersByTimeAsync(120));
  expect(container.querySelector("section")).toBeNull();
  expect(document.activeElement).toBe(field);
});

function press(target: Element, key: string) {
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
}

test("a critical update says why, and can be put off by no button and no key", async () => {
  show();
  await deploy("b", { severity: "critical" });
  expect(screen.getByRole("region", { name: "Important update" }).textContent).toContain(
    "serious problem",
  );
  expect(screen.getAllByRole("button").map((button) => button.textContent)).toEqual(["Refresh"]);
  await act(async () => press(screen.getByRole("button"), "Escape"));
  await act(() => vi.advanceTimersByTimeAsync(120));
  expect(notice()).not.toBeNull();
});

test("a rollback is named to builds that came after it", async () => {
  ledger.record("b");
  document.head.innerHTML = html("b");
  show();
  await deploy("a", { kind: "rollback", version: "1.4.2" });
  expect(screen.getByRole("region", { name: "Rolled back to 1.4.2" })).toBeTruthy();
});

test("a rollback to the page's own build takes the notice away", async () => {
  show();
  await deploy("b");
  await deploy("a", { kind: "rollback" });
  await act(() => vi.advanceTimersByTimeAsync(120));
  expect(notice()).toBeNull();
});

test("after a load that changed nothing it says so, and goes by itself", async () => {
  sessionStorage.setItem("tideline:a:2:b:normal", `${NOW}`);
  show();
  serve("a");
  await act(async () => ledger.record("b"));
  expect(screen.getByRole("region", { name: "Still rolling out" })).toBeTruthy();
  expect(screen.queryAllByRole("button")).toEqual([]);
  await act(() => vi.advanceTimersByTimeAsync(10_200));
  expect(notice()).toBeNull();
});

test("every text can be replaced", async () => {
  show({
    locale: "de",
    strings: {
      available: "Neue Version",
      build: (number) => `Build ${number}`,
      deployed: (ago) => `Ausgeliefert ${ago}`,
      refresh: "Neu laden",
      later: "Später",
      close: "Schließen",
    },
  });
  await deploy("b", { deployedAt: NOW - 125_000 });
  expect(notice()?.textContent).toBe(
    "Neue Versionv1.0.0Build 7Ausgeliefert vor 2 Minuten0123456789abNeu ladenSpäter",
  );
  expect(screen.getByRole("button", { name: "Schließen" })).toBeTruthy();
});

test("it has no style attribute, which a strict policy for content would refuse", async () => {
  const { container } = show({ theme: "dark", placement: "top-start" });
  await deploy("b", { notes: "Notes" });
  expect(container.querySelector("[style],style,script")).toBeNull();
  expect(container.firstElementChild?.getAttribute("data-theme")).toBe("dark");
  expect(container.firstElementChild?.getAttribute("data-placement")).toBe("top-start");
});

test.each(["superseded", "critical"])("axe finds nothing in a notice of kind %s", async (kind) => {
  const { container } = show({ notesHref: () => "https://example.com/notes" });
  await deploy("b", { notes: "Faster search", ...(kind === "critical" && { severity: kind }) });
  vi.useRealTimers();
  const { violations } = await axe.run(container, {
    rules: { "color-contrast": { enabled: false } },
  });
  expect(violations.map(({ id }) => id)).toEqual([]);
});

test("it is hydrated without a difference from what the server rendered", async () => {
  const app = <UpdateNotification source={ledger} />;
  const host = document.createElement("div");
  host.innerHTML = renderToString(app);
  const errors: unknown[] = [];
  const root = await act(async () =>
    hydrateRoot(host, app, { onRecoverableError: (error) => errors.push(error) }),
  );
  expect(errors).toEqual([]);
  await act(async () => root.unmount());
});

test("useVersionCheck() has the documented names, and null for what there is not", async () => {
  const { result } = renderHook(() => useVersionCheck({ source: ledger }), { wrapper: StrictMode });
  expect(result.current).toMatchObject({
    hasUpdate: false,
    updateInfo: null,
    currentVersion: { buildId: "a" },
    verdict: { kind: "current" },
    setupError: null,
  });
  await deploy("b");
  expect(result.current).toMatchObject({ hasUpdate: true, updateInfo: { buildId: "b" } });
  act(() => result.current.dismissUpdate());
  expect(result.current).toMatchObject({ hasUpdate: false, updateInfo: null });
});

test("components share one watch: the host is asked once for all of them", async () => {
  render(
    <>
      <State />
      <State />
      <UpdateNotification source={ledger} />
    </>,
  );
  await deploy("b");
  expect(fetch).toHaveBeenCalledTimes(1);
});

test("without a provider there is a setup error, said once, and no throw", () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const { result, rerender } = renderHook(() => useVersionCheck(), { wrapper: StrictMode });
  rerender();
  expect(result.current.setupError).toContain("<ConvexProvider>");
  expect(warn).toHaveBeenCalledTimes(1);
});

test("a source written in place, new in every render, does no harm", async () => {
  const { result } = renderHook(() => useVersionCheck({ source: { ...ledger } }));
  await deploy("b");
  expect(result.current.hasUpdate).toBe(true);
});

test("without a stamp there is a setup error that names the plugin", () => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  document.head.innerHTML = "";
  const { result } = renderHook(() => useVersionCheck({ source: new FakeLedger() }));
  expect(result.current.setupError).toContain("tideline()");
});

/** As much of the official React client as a source uses. */
function clientWith(localQueryResult: () => unknown) {
  const asked: unknown[] = [];
  let onUpdate = () => {};
  const client = {
    url: "https://example.invalid",
    watchQuery: (name: unknown, args: unknown) => {
      asked.push([name, args]);
      return {
        localQueryResult,
        onUpdate: (callback: () => void) => {
          onUpdate = callback;
          return () => {};
        },
      };
    },
  } as unknown as ConvexReactClient;
  const wrapper = ({ children }: { children: ReactNode }) => (
    <ConvexProvider client={client}>{children}</ConvexProvider>
  );
  return { asked, wrapper, update: () => onUpdate() };
}

test("it asks the app's own client by name, with the stamp's target and build id", () => {
  const { asked, wrapper } = clientWith(() => undefined);
  renderHook(() => useVersionCheck(), { wrapper });
  expect(asked).toEqual([
    [
      "deployments:watchLatestDeployment",
      { appName: "web", environment: "production", buildId: "a" },
    ],
  ]);
});

test("a query that is missing is a setup error that says what to export, until it is there", () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  let answer: () => unknown = () => {
    throw new Error("Could not find public function for 'deployments:watchLatestDeployment'");
  };
  const { wrapper, update } = clientWith(() => answer());
  const { result } = renderHook(() => useVersionCheck(), { wrapper });
  act(update);
  expect(result.current.setupError).toMatch(
    /export and deploy "deployments:watchLatestDeployment"/,
  );
  expect(warn).toHaveBeenCalledTimes(1);

  answer = () => null;
  act(update);
  expect(result.current).toMatchObject({
    setupError: null,
    verdict: { kind: "unknown", reason: "not-recorded" },
  });
});

test("the answer of some other query is a setup error too", () => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  const { wrapper } = clientWith(() => ({ version: "1.0.0", buildNumber: 3 }));
  const { result } = renderHook(() => useVersionCheck(), { wrapper });
  expect(result.current.setupError).toContain("Cannot follow deployments");
});
