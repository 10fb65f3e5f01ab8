import type { NoteOrder } from "../settings/settings.js";
import type { Note } from "./note.js";

/** Gives the notes in the chosen order, pinned ones first. */
export function sortNotes(notes: readonly Note[], order: NoteOrder): Note[] {
  return notes.toSorted((a, b) => Number(b.isPinned) - Number(a.isPinned) || BY_ORDER[order](a, b));
}

const BY_ORDER: Record<NoteOrder, (a: Note, b: Note) => number> = {
  newest: (a, b) => b.writtenAt - a.writtenAt,
  oldest: (a, b) => a.writtenAt - b.writtenAt,
  title: (a, b) => a.title.localeCompare(b.title),
};
