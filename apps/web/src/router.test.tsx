// @vitest-environment happy-dom

import { act, cleanup, fireEvent, render, renderHook, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Link, navigate, useAddress } from "./router.js";

beforeEach(() => history.replaceState(null, "", "/"));
afterEach(cleanup);

test("a component follows the address: path, search and hash", () => {
  const { result } = renderHook(useAddress);
  act(() => navigate("/settings?q=a%20b#part"));
  const { pathname, searchParams, hash } = result.current;
  expect([pathname, searchParams.get("q"), hash]).toEqual(["/settings", "a b", "#part"]);
});

test.each([
  ["another address is a step", "/settings", {}, 1],
  ["the same address is none", "/", {}, 0],
  ["a replaced address is none", "/?q=x", { replace: true }, 0],
])("%s in the history", (_name, href, options, steps) => {
  const before = history.length;
  navigate(href, options);
  expect(history.length - before).toBe(steps);
  expect(location.pathname + location.search).toBe(href);
});

test("a plain click on a link stays in the app", () => {
  render(<Link href="/settings">Settings</Link>);
  const isLeftToBrowser = fireEvent.click(screen.getByText("Settings"));
  expect(isLeftToBrowser).toBe(false);
  expect(location.pathname).toBe("/settings");
});

test.each([
  ["Ctrl", { ctrlKey: true }],
  ["Meta", { metaKey: true }],
  ["Shift", { shiftKey: true }],
  ["Alt", { altKey: true }],
  ["the middle button", { button: 1 }],
])("a click with %s is left to the browser", (_name, how) => {
  render(<Link href="/settings">Settings</Link>);
  const isLeftToBrowser = fireEvent.click(screen.getByText("Settings"), how);
  expect(isLeftToBrowser).toBe(true);
});
