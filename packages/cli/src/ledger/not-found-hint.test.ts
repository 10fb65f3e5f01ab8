import { expect, test } from "vitest";
import { notFoundHint } from "./not-found-hint.js";

test.each([
  ["https://wise-otter-1.convex.site", ", which is https://wise-otter-1.convex.cloud"],
  ["http://127.0.0.1:3211", ", which is most often on port 3210"],
  ["https://example.org", ""],
])("%s is not the address of the functions%s", (url, where) => {
  expect(notFoundHint(url)).toBe(
    `this is not the address of a Convex deployment's functions${where}`,
  );
});
