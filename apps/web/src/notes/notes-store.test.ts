// @vitest-environment happy-dom

import { beforeEach, expect, test } from "vitest";
import { addNote, deleteNote, notes, togglePin } from "./notes-store.js";

const titles = () => notes.get().map(({ title }) => title);
const idOf = (title: string) => notes.get().find((note) => note.title === title)?.id ?? "";

beforeEach(() => {
  notes.set([]);
  for (const title of ["first", "second", "third"]) addNote({ title, text: "" });
});

test("the newest is the first, without white space around it", () => {
  addNote({ title: "  fourth ", text: "\n words\n" });
  expect(titles()).toEqual(["fourth", "third", "second", "first"]);
  expect(notes.get()[0]).toMatchObject({ text: "words", isPinned: false });
});

test("notes have ids of their own", () => {
  expect(new Set(notes.get().map(({ id }) => id)).size).toBe(3);
});

test("a pin goes on and off, and on no other note", () => {
  togglePin(idOf("second"));
  expect(notes.get().map(({ isPinned }) => isPinned)).toEqual([false, true, false]);
  togglePin(idOf("second"));
  expect(notes.get().map(({ isPinned }) => isPinned)).toEqual([false, false, false]);
});

test("a deleted note comes back to its place", () => {
  const restore = deleteNote(idOf("second"));
  expect(titles()).toEqual(["third", "first"]);
  restore();
  expect(titles()).toEqual(["third", "second", "first"]);
});

test("bringing a note back keeps what was written since", () => {
  const restore = deleteNote(idOf("first"));
  addNote({ title: "fourth", text: "" });
  restore();
  expect(titles().toSorted()).toEqual(["first", "fourth", "second", "third"]);
});

test("deleting what is not there changes nothing", () => {
  deleteNote("nobody")();
  expect(titles()).toEqual(["third", "second", "first"]);
});
