// @vitest-environment happy-dom

import { act, cleanup, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  openFleet,
  openTarget,
  setFilter,
  setFleetFilter,
  targetHref,
  useAddress,
} from "./address.js";

const WEB = { appName: "web", environment: "production" };

beforeEach(() => history.replaceState(null, "", "/"));
afterEach(cleanup);

test.each([
  ["/", null, ""],
  ["/?target=web/production", WEB, ""],
  ["/?target=web%2Fproduction", WEB, ""],
  ["/?target=web/production&filter=2.14%20%26%20held", WEB, "2.14 & held"],
  ["/?target=nonsense", null, ""],
])("%s", (href, target, filter) => {
  history.replaceState(null, "", href);
  expect(renderHook(useAddress).result.current).toEqual({
    ...{ page: "target", target, filter, state: "" },
  });
});

test("the fleet has an address of its own, with what its machines are filtered by", () => {
  const { result } = renderHook(useAddress);
  act(() => openTarget(WEB));
  const steps = history.length;
  act(() => openFleet());
  expect(result.current).toEqual({ page: "fleet", target: null, filter: "", state: "" });
  expect(history.length).toBe(steps + 1);
  act(() => setFleetFilter({ filter: "a & b", state: "failed" }));
  expect(location.search).toBe("?page=fleet&filter=a%20%26%20b&state=failed");
  expect(result.current).toMatchObject({ page: "fleet", filter: "a & b", state: "failed" });
  expect(history.length).toBe(steps + 1);
  act(() => history.replaceState(null, "", "/?page=elsewhere"));
  expect(renderHook(useAddress).result.current.page).toBe("target");
});

test("a target's address can be read", () => {
  expect(targetHref(WEB)).toBe("?target=web/production");
});

test("opening a target is a step in the history, without the filter of the last one", () => {
  const { result } = renderHook(useAddress);
  act(() => setFilter(WEB, "held"));
  const steps = history.length;
  act(() => openTarget({ ...WEB, environment: "staging" }));
  expect(result.current.target?.environment).toBe("staging");
  expect(result.current.filter).toBe("");
  expect(history.length).toBe(steps + 1);
});

test("filtering is no step in the history, and any text comes back as it was", () => {
  const { result } = renderHook(useAddress);
  act(() => openTarget(WEB));
  const steps = history.length;
  for (const filter of ["a & b = c", "100% #1 +x", "größer"]) {
    act(() => setFilter(WEB, filter));
    expect(result.current.filter).toBe(filter);
  }
  act(() => setFilter(WEB, ""));
  expect(location.search).toBe("?target=web/production");
  expect(history.length).toBe(steps);
});
