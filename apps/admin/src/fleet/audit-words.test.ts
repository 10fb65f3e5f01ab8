import { expect, test } from "vitest";
import { actionText, actorName, noteText } from "./audit-words.js";

test.each([
  ["token", "Operator"],
  ["token:stable/nats", "Operator of stable/nats"],
  ["rollout", "By itself"],
  ["machine:kx701bx2jzh1g392tq5k", "Machine kx701bx2"],
  ["a credential of tomorrow", "a credential of tomorrow"],
])("%s is said as “%s”", (actor, name) => {
  expect(actorName(actor)).toBe(name);
});

test.each([
  ["approve", null, "Approved", null],
  ["halt", "see #12", "Halted", "see #12"],
  // The ledger keeps the name of the ring or the machine as the note.
  ["enrol", "workshop-1", "Enrolled workshop-1", null],
  ["open-ring", "10 %", "Opened “10 %” for", null],
  ["open-ring", null, "Opened a ring", null],
] as const)("%s with the note %j is “%s”", (action, note, text, why) => {
  expect([actionText({ action, note }), noteText({ action, note })]).toEqual([text, why]);
});
