import { expect, test } from "vitest";
import type { NoteOrder } from "../settings/settings.js";
import type { Note } from "./note.js";
import { sortNotes } from "./sort-notes.js";

const note = (title: string, writtenAt: number, isPinned = false): Note => ({
  id: title,
  title,
  text: "",
  writtenAt,
  isPinned,
});
const NOTES = [note("Mooring", 2), note("äpfel", 3), note("Zebra", 1, true), note("Boats", 4)];

test.each<[NoteOrder, string]>([
  ["newest", "Zebra Boats äpfel Mooring"],
  ["oldest", "Zebra Mooring äpfel Boats"],
  ["title", "Zebra äpfel Boats Mooring"],
])("%s: pinned ones come first", (order, titles) => {
  expect(
    sortNotes(NOTES, order)
      .map(({ title }) => title)
      .join(" "),
  ).toBe(titles);
});

test("the notes themselves stay as they are", () => {
  const before = [...NOTES];
  sortNotes(NOTES, "title");
  expect(NOTES).toEqual(before);
});
