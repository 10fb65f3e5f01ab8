import { describe, expect, test } from "vitest";
import { addressesOf } from "./addresses.js";
import { gatewayOfPage } from "./gateway-of-page.js";

describe("addressesOf()", () => {
  const STREAM = "https://a.example/live/events/version?appName=web";
  test.each([
    "https://a.example/live?appName=web",
    "https://a.example/live/?appName=web#top",
    "https://a.example/live/events/version?appName=web",
    "https://a.example/live/version?appName=web",
    "https://a.example/live/tideline.js?appName=web",
  ])("%s", (url) => {
    expect(addressesOf(url)).toEqual({
      stream: STREAM,
      version: "https://a.example/live/version?appName=web",
      health: "https://a.example/live/healthz?appName=web",
    });
  });

  test("the root of a host is a gateway's folder too", () => {
    expect(addressesOf("http://127.0.0.1:8780").stream).toBe(
      "http://127.0.0.1:8780/events/version",
    );
  });
});

describe("gatewayOfPage()", () => {
  const PAGE = "https://shop.example/a/b.html";
  test.each([
    ['<script src="/tideline.js">', "https://shop.example/"],
    ["<script defer src='/live/tideline.js?v=2'>", "https://shop.example/live/"],
    ["<SCRIPT SRC=tideline.js data-app=web>", "https://shop.example/a/?appName=web"],
    [
      '<script src="https://live.example/tideline.js" data-app="web" data-environment="staging">',
      "https://live.example/?appName=web&environment=staging",
    ],
    [
      '<script src="/js/tideline.js" data-gateway="https://live.example/x">',
      "https://live.example/x",
    ],
    ['<script src="/vendor.js"></script><script src="/tideline.js">', "https://shop.example/"],
  ])("%s", (html, gateway) => {
    expect(gatewayOfPage(PAGE, html)).toBe(gateway);
  });

  test.each(["", '<script src="/other-tideline.jsx">', "<script>tideline.js</script>"])(
    "no gateway in %j",
    (html) => {
      expect(gatewayOfPage(PAGE, html)).toBeNull();
    },
  );
});
