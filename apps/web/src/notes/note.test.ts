import { expect, test } from "vitest";
import type { Note } from "./note.js";
import { isMatch, parseNotes } from "./note.js";

const NOTE: Note = {
  id: "n1",
  title: "Ferry times",
  text: "The last one\nleaves at 18:30",
  writtenAt: 1,
  isPinned: false,
};

test("reads what was stored", () => {
  expect(parseNotes(JSON.parse(JSON.stringify([NOTE])))).toEqual([NOTE]);
});

test.each([
  ["nothing", undefined],
  ["null", null],
  ["a text", "notes"],
  ["an object", { 0: NOTE }],
])("reads no notes out of %s", (_name, stored) => {
  expect(parseNotes(stored)).toEqual([]);
});

test.each([
  ["null", null],
  ["a text", "note"],
  ["nothing", {}],
  ["no id", { ...NOTE, id: undefined }],
  ["a title that is a number", { ...NOTE, title: 1 }],
  ["no text", { ...NOTE, text: null }],
  ["a date that is a text", { ...NOTE, writtenAt: "today" }],
  ["no pin", { ...NOTE, isPinned: undefined }],
])("leaves out %s and keeps the rest", (_name, broken) => {
  expect(parseNotes([broken, NOTE])).toEqual([NOTE]);
});

test.each([
  ["", true],
  ["ferry", true],
  ["  FERRY ", true],
  ["18:30", true],
  ["last one", true],
  ["times the", false],
  ["train", false],
])("a search for “%s”: %s", (search, found) => {
  expect(isMatch(NOTE, search)).toBe(found);
});
