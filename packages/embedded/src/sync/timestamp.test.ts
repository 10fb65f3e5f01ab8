import { expect, it } from "vitest";
import { decodeTimestamp, encodeTimestamp } from "./timestamp.js";

it.each([
  [0n, "AAAAAAAAAAA="],
  [1n, "AQAAAAAAAAA="],
  [1_794_700_000_123_456_789n, "FY3AMSQO6Bg="],
  [2n ** 64n - 1n, "//////////8="],
])("%d is %s on the wire", (ts, text) => {
  expect(encodeTimestamp(ts)).toBe(text);
  expect(decodeTimestamp(text)).toBe(ts);
});

it.each(["", "AAAAAAAAAAA", "AAAA", "AAAAAAAAAAAA", "not base64!!", "AAAAAAAAAA=="])(
  "decodeTimestamp() refuses %j",
  (text) => {
    expect(decodeTimestamp(text)).toBeNull();
  },
);
