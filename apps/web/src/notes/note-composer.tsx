import type { FormEvent, KeyboardEvent } from "react";
import { useEffect, useRef } from "react";
import type { Draft } from "./note.js";
import { EMPTY_DRAFT } from "./note.js";

interface Props {
  readonly draft: Draft;
  onDraft(draft: Draft): void;
  onSave(draft: Draft): void;
}

/** Where a note is written. What is in it is kept nowhere until it is saved. */
export function NoteComposer({ draft, onDraft, onSave }: Props) {
  const title = useRef<HTMLInputElement>(null);
  const isEmpty = draft.title.trim() === "" && draft.text.trim() === "";
  useLeaveWarning(!isEmpty);

  function save(event: FormEvent | KeyboardEvent) {
    event.preventDefault();
    if (isEmpty) return;
    onSave(draft);
    onDraft(EMPTY_DRAFT);
    title.current?.focus();
  }

  return (
    <form
      aria-label="New note"
      className="card shadow-float grid gap-1 p-2"
      onSubmit={save}
      onKeyDown={(event) => {
        if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) save(event);
      }}
    >
      <input
        ref={title}
        aria-label="Title"
        placeholder="Title"
        maxLength={120}
        className="placeholder:text-muted focus-visible:-outline-offset-2 w-full rounded-lg bg-transparent px-3 py-2 text-lg font-semibold tracking-tight"
        value={draft.title}
        onChange={({ target }) => onDraft({ ...draft, title: target.value })}
      />
      <textarea
        aria-label="Note"
        placeholder="Write something down…"
        rows={4}
        className="placeholder:text-muted field-sizing-content min-h-28 focus-visible:-outline-offset-2 w-full resize-y rounded-lg bg-transparent px-3 py-2"
        value={draft.text}
        onChange={({ target }) => onDraft({ ...draft, text: target.value })}
      />
      <div className="flex flex-wrap items-center justify-between gap-2 px-1 pb-1 pl-3">
        <p className="text-muted text-sm">
          {isEmpty ? (
            <span className="pointer-coarse:hidden">Ctrl+Enter saves</span>
          ) : (
            "Not saved yet"
          )}
        </p>
        <div className="ml-auto flex gap-1">
          {!isEmpty && (
            <button
              type="button"
              className="button button-plain"
              onClick={() => {
                onDraft(EMPTY_DRAFT);
                title.current?.focus();
              }}
            >
              Discard
            </button>
          )}
          <button type="submit" className="button button-primary" disabled={isEmpty}>
            Save note
          </button>
        </div>
      </div>
    </form>
  );
}

/** While there is something to lose, the browser asks before it leaves the page. */
function useLeaveWarning(isOn: boolean): void {
  useEffect(() => {
    if (!isOn) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener("beforeunload", warn);
    return () => removeEventListener("beforeunload", warn);
  }, [isOn]);
}
