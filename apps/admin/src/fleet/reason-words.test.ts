import { REASONS } from "@tideline/version/fleet";
import { expect, test } from "vitest";
import { nextStepOf, reasonWords } from "./reason-words.js";

test.each([
  ["NOT_READY", "Not ready"],
  ["EXITED", "Exited"],
  ["A_CODE_OF_TOMORROW", "A code of tomorrow"],
])("%s is said as “%s”", (code, words) => {
  expect(reasonWords(code)).toBe(words);
});

test("the next step names the subsystem, so that its command can be run as it stands", () => {
  expect(nextStepOf("PINNED", "nats")).toBe(
    "`tideline-sync pin nats --remove` lets updates through again",
  );
  for (const code of Object.keys(REASONS)) expect(nextStepOf(code, "nats")).not.toMatch(/\bNAME\b/);
});

test.each(["A_CODE_OF_TOMORROW", "constructor"])("nothing is known of %s", (code) => {
  expect(nextStepOf(code, "nats")).toBeNull();
});
