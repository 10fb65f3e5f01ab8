// @vitest-environment happy-dom

import { act, cleanup, renderHook } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { setFleetToken, takeFleetToken, tokenIn, useFleetToken } from "./fleet-token.js";

const KEY = "tideline-admin:fleet-token";

afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
  setFleetToken("");
  history.replaceState(null, "", "/");
});

test.each([
  ["#fleet-token=abc", "abc"],
  ["#fleet-token=a+b/c==", "a+b/c=="],
  ["#fleet-token=a%2Bb%2Fc%3D%3D", "a+b/c=="],
  ["#fleet-token=100%", "100%"],
  ["#x=1&fleet-token=abc", "abc"],
  ["#fleet-token=", ""],
  ["#main", null],
  ["#fleet-tokens=abc", null],
  ["", null],
])("in %j is %j", (hash, token) => {
  expect(tokenIn(hash)).toBe(token);
});

test("the token leaves the address at once, and nothing else of it does", () => {
  history.replaceState(null, "", "/?page=fleet&filter=a#fleet-token=from-a-link");
  const steps = history.length;
  const stop = takeFleetToken();
  expect(location.href).toMatch(/\/\?page=fleet&filter=a$/);
  expect(history.length).toBe(steps);
  expect(renderHook(useFleetToken).result.current).toBe("from-a-link");
  expect(sessionStorage.getItem(KEY)).toBe("from-a-link");
  expect(localStorage.length).toBe(0);
  stop();
});

test("a link that is opened in the same tab brings another token", () => {
  const stop = takeFleetToken();
  const { result } = renderHook(useFleetToken);
  expect(result.current).toBeNull();
  history.replaceState(null, "", "/#fleet-token=second");
  act(() => void dispatchEvent(new Event("hashchange")));
  expect([result.current, location.hash]).toEqual(["second", ""]);
  stop();
});

test("other fragments stay, and take no token away", () => {
  setFleetToken("kept");
  history.replaceState(null, "", "/#main");
  takeFleetToken()();
  expect([location.hash, renderHook(useFleetToken).result.current]).toEqual(["#main", "kept"]);
});

test("white space around it is no part of it, and an empty text forgets it", () => {
  const { result } = renderHook(useFleetToken);
  act(() => setFleetToken(" typed \n"));
  expect(result.current).toBe("typed");
  act(() => setFleetToken(""));
  expect([result.current, sessionStorage.getItem(KEY)]).toEqual([null, null]);
});

test("where the browser refuses its storage, the token lasts as long as the page", () => {
  const refuse = () => {
    throw new DOMException("The operation is insecure", "SecurityError");
  };
  vi.spyOn(sessionStorage, "setItem").mockImplementation(refuse);
  vi.spyOn(sessionStorage, "getItem").mockImplementation(refuse);
  const { result } = renderHook(useFleetToken);
  act(() => setFleetToken("unstored"));
  expect(result.current).toBe("unstored");
});
