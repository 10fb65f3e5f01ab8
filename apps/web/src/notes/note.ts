export interface Note {
  readonly id: string;
  readonly title: string;
  readonly text: string;
  /** ms since epoch. */
  readonly writtenAt: number;
  readonly isPinned: boolean;
}

/** What is being written and not kept yet. */
export interface Draft {
  readonly title: string;
  readonly text: string;
}

export const EMPTY_DRAFT: Draft = { title: "", text: "" };

/** Reads notes out of what was stored; what is not a note is left out. */
export function parseNotes(stored: unknown): readonly Note[] {
  return Array.isArray(stored) ? stored.filter(isNote) : [];
}

/** Says whether the note speaks of what is searched for, in any case. */
export function isMatch(note: Note, search: string): boolean {
  return `${note.title}\n${note.text}`.toLowerCase().includes(search.trim().toLowerCase());
}

function isNote(value: unknown): value is Note {
  if (typeof value !== "object" || value === null) return false;
  const note = value as Record<string, unknown>;
  return (
    typeof note.id === "string" &&
    typeof note.title === "string" &&
    typeof note.text === "string" &&
    typeof note.writtenAt === "number" &&
    typeof note.isPinned === "boolean"
  );
}
