// @vitest-environment happy-dom

import { expect, test } from "vitest";
import { parseSettings } from "./settings.js";

const DEFAULTS = { order: "newest", textSize: "regular" };

test.each([
  [undefined, DEFAULTS],
  [null, DEFAULTS],
  ["title", DEFAULTS],
  [{ order: "by colour", textSize: 12 }, DEFAULTS],
  [{ order: "oldest" }, { ...DEFAULTS, order: "oldest" }],
  [
    { order: "title", textSize: "large" },
    { order: "title", textSize: "large" },
  ],
  [
    { textSize: "large", more: true },
    { ...DEFAULTS, textSize: "large" },
  ],
])("%o gives %o", (stored, settings) => {
  expect(parseSettings(stored)).toEqual(settings);
});
