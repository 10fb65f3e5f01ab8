import { expect, test } from "vitest";
import { actorName } from "./audit-words.js";

test.each([
  ["token", "Operator"],
  ["token:stable/nats", "Operator of stable/nats"],
  ["rollout", "By itself"],
  ["machine:j57a", "Machine j57a"],
  ["a credential of tomorrow", "a credential of tomorrow"],
])("%s is said as “%s”", (actor, name) => {
  expect(actorName(actor)).toBe(name);
});
