import { expect, test } from "vitest";
import { fitsPattern } from "./fits-pattern.js";

test.each<[string, string, boolean]>([
  ["refs/heads/main", "refs/heads/main", true],
  ["refs/heads/main2", "refs/heads/main", false],
  ["xrefs/heads/main", "refs/heads/main", false],
  ["refs/heads/main\n", "refs/heads/main", false],
  ["refs/tags/v1.2.3", "refs/tags/v*", true],
  ["refs/tags/v", "refs/tags/v*", true],
  ["refs/tags/v1/x", "refs/tags/v*", false],
  ["refs/heads/v1", "refs/tags/v*", false],
  ["refs/heads/feat/x", "refs/heads/*", false],
  ["refs/heads/feat/x", "refs/heads/*/*", true],
  ["web/production", "*/production", true],
  ["web/production", "*/*", true],
  ["web/production", "*", false],
  ["web/production", "w*b/pro*n", true],
  ["webXproduction", "web.production", false],
  ["v1x0", "v1.0", false],
  ["v1.0", "v1.0", true],
  ["v1+a(b)[c]", "v1+a(b)[c]", true],
  ["v1-a", "v1-*", true],
  ["Production", "production", false],
  ["", "*", true],
])("%j fits %j: %s", (text, pattern, fits) => {
  expect(fitsPattern(text, pattern)).toBe(fits);
});
