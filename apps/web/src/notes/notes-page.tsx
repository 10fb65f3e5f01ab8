import { Search } from "lucide-react";
import { useRef, useState } from "react";
import { navigate } from "../router.js";
import { settings } from "../settings/settings.js";
import type { Draft } from "./note.js";
import { isMatch } from "./note.js";
import { NoteCard } from "./note-card.js";
import { NoteComposer } from "./note-composer.js";
import { addNote, deleteNote, notes, togglePin } from "./notes-store.js";
import { sortNotes } from "./sort-notes.js";

interface Props {
  readonly search: string;
  /** The note that the address points at, or "". */
  readonly noteId: string;
  readonly draft: Draft;
  onDraft(draft: Draft): void;
}

export function NotesPage({ search, noteId, draft, onDraft }: Props) {
  const all = notes.use();
  const { order } = settings.use();
  const [deleted, setDeleted] = useState<{ title: string; restore: () => void } | null>(null);
  const searchField = useRef<HTMLInputElement>(null);
  const shown = sortNotes(
    all.filter((note) => isMatch(note, search)),
    order,
  );

  function onDelete(id: string) {
    const note = all.find((other) => other.id === id);
    setDeleted({ title: note?.title || "Untitled note", restore: deleteNote(id) });
    // The button that had the focus is gone; the list's own control is the nearest thing left.
    searchField.current?.focus();
  }

  return (
    <div className="grid gap-8">
      <title>Notes · Tidepool</title>
      <h1 className="sr-only">Notes</h1>
      <NoteComposer draft={draft} onDraft={onDraft} onSave={addNote} />

      <section aria-labelledby="notes-heading" className="grid gap-3">
        <div className="flex flex-wrap items-center justify-between gap-3">
          <h2 id="notes-heading" className="text-lg font-semibold tracking-tight">
            Your notes{" "}
            <span className="text-muted font-normal tabular-nums">
              {search === "" ? all.length : `${shown.length} of ${all.length}`}
            </span>
          </h2>
          <label className="relative w-full sm:w-64">
            <span className="sr-only">Search notes</span>
            <Search aria-hidden size={16} className="text-muted absolute left-3 top-3" />
            <input
              ref={searchField}
              type="search"
              className="field py-1.5 pl-9"
              placeholder="Search"
              value={search}
              onChange={({ target }) =>
                navigate(target.value === "" ? "/" : `/?q=${encodeURIComponent(target.value)}`, {
                  replace: true,
                })
              }
            />
          </label>
        </div>

        <div role="status">
          {deleted !== null && (
            <p className="bg-sunken rounded-card flex flex-wrap items-center justify-between gap-2 px-4 py-1.5 text-sm">
              <span className="[overflow-wrap:anywhere]">Deleted “{deleted.title}”</span>
              <button
                type="button"
                className="button text-accent hover:underline min-h-8 px-2 py-1"
                onClick={() => {
                  deleted.restore();
                  setDeleted(null);
                  searchField.current?.focus();
                }}
              >
                Undo
              </button>
            </p>
          )}
        </div>

        {shown.length === 0 ? (
          <p className="border-control/60 text-muted rounded-card border border-dashed px-4 py-10 text-center">
            {all.length === 0
              ? "Your first note will appear here."
              : `Nothing matches “${search}”.`}
          </p>
        ) : (
          <ul className="grid gap-3">
            {shown.map((note) => (
              <NoteCard
                key={note.id}
                note={note}
                isTarget={note.id === noteId}
                onPin={togglePin}
                onDelete={onDelete}
              />
            ))}
          </ul>
        )}
      </section>
    </div>
  );
}
