import { createStored } from "../stored.js";
import type { Draft, Note } from "./note.js";
import { parseNotes } from "./note.js";

/** All notes, newest first. */
export const notes = createStored("tidepool:notes", parseNotes);

export function addNote(draft: Draft): void {
  const note: Note = {
    id: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random().toString(36).slice(2)}`,
    title: draft.title.trim(),
    text: draft.text.trim(),
    writtenAt: Date.now(),
    isPinned: false,
  };
  notes.set([note, ...notes.get()]);
}

export function togglePin(id: string): void {
  notes.set(
    notes.get().map((note) => (note.id === id ? { ...note, isPinned: !note.isPinned } : note)),
  );
}

/** Deletes a note. @returns What brings it back. */
export function deleteNote(id: string): () => void {
  const before = notes.get();
  const index = before.findIndex((note) => note.id === id);
  const note = before[index];
  notes.set(before.filter((other) => other.id !== id));
  return () => {
    if (note !== undefined) notes.set(notes.get().toSpliced(index, 0, note));
  };
}
