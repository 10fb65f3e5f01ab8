import { expect, test } from "vitest";
import { safeLink } from "./safe-link.js";

test.each([
  "https://github.com/acme/shop/actions/runs/31337/attempts/1",
  "https://ghes.example:8443/acme/shop/actions/runs/1/attempts/2",
  "http://127.0.0.1:3211/acme/shop",
  "http://localhost/acme/shop",
  "http://[::1]:3211/acme/shop",
])("%s is linked to", (address) => {
  expect(safeLink(address)).toBe(address);
});

test.each([
  undefined,
  "",
  "acme/shop",
  "//github.com/acme",
  "http://github.com/acme/shop",
  "http://127.0.0.1.evil.example/",
  "https://github.com@evil.example/",
  "javascript:alert(1)",
  " JavaScript:alert(1)",
  "data:text/html,x",
  "ftp://github.com/",
])("%j is not", (address) => {
  expect(safeLink(address)).toBeNull();
});
