// @vitest-environment happy-dom

import { act, cleanup, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createStored } from "./stored.js";

const asNumber = (stored: unknown) => (typeof stored === "number" ? stored : 0);

beforeEach(() => localStorage.clear());
afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

test.each([
  ["nothing", null, 0],
  ["null", "null", 0],
  ["a number", "7", 7],
  ["something else", '"seven"', 0],
  ["text that is no JSON", "{", 0],
])("reads %s", (_name, text, value) => {
  if (text !== null) localStorage.setItem("count", text);
  expect(createStored("count", asNumber).get()).toBe(value);
});

test("keeps what is set, and components follow", () => {
  const count = createStored("count", asNumber);
  const { result } = renderHook(count.use);
  act(() => count.set(3));
  expect(result.current).toBe(3);
  expect(createStored("count", asNumber).get()).toBe(3);
});

test.each([
  ["another tab's change is taken over", "count", "9", 9],
  ["a cleared storage is the default", null, null, 0],
  ["another key's change is not looked at", "other", "9", 3],
])("%s", (_name, key, text, value) => {
  const count = createStored("count", asNumber);
  count.set(3);
  if (text === null) localStorage.clear();
  else localStorage.setItem("count", text);
  dispatchEvent(new StorageEvent("storage", { key }));
  expect(count.get()).toBe(value);
});

test("a full storage costs the keeping, not the use", () => {
  vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
    throw new DOMException("full", "QuotaExceededError");
  });
  const count = createStored("count", asNumber);
  count.set(5);
  expect(count.get()).toBe(5);
});

test("a forbidden storage is an empty one", () => {
  vi.spyOn(Storage.prototype, "getItem").mockImplementation(() => {
    throw new DOMException("forbidden", "SecurityError");
  });
  expect(createStored("count", asNumber).get()).toBe(0);
});
