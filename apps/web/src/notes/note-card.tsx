import { Hash, Pin, Trash2 } from "lucide-react";
import { useEffect, useRef } from "react";
import { Link } from "../router.js";
import { settings } from "../settings/settings.js";
import type { Note } from "./note.js";

const WRITTEN = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });

interface Props {
  readonly note: Note;
  /** True if the address points at this note. */
  readonly isTarget: boolean;
  onPin(id: string): void;
  onDelete(id: string): void;
}

export function NoteCard({ note, isTarget, onPin, onDelete }: Props) {
  const card = useRef<HTMLLIElement>(null);
  const { textSize } = settings.use();
  const name = note.title || "Untitled note";
  useEffect(() => {
    if (isTarget) card.current?.scrollIntoView({ block: "center" });
  }, [isTarget]);

  return (
    <li
      ref={card}
      id={note.id}
      className={`card group p-4 pr-2 ${isTarget ? "border-accent ring-accent ring-1" : ""}`}
    >
      <div className="flex items-start gap-2">
        <h3 className="grow py-1 font-semibold [overflow-wrap:anywhere]">{name}</h3>
        <div className="flex shrink-0">
          <Link href={`/#${note.id}`} className="button-icon" aria-label={`Link to “${name}”`}>
            <Hash aria-hidden size={16} />
          </Link>
          <button
            type="button"
            className="button-icon aria-pressed:text-accent"
            aria-pressed={note.isPinned}
            aria-label={`Pin “${name}”`}
            onClick={() => onPin(note.id)}
          >
            <Pin aria-hidden size={16} className={note.isPinned ? "fill-current" : ""} />
          </button>
          <button
            type="button"
            className="button-icon hover:text-red"
            aria-label={`Delete “${name}”`}
            onClick={() => onDelete(note.id)}
          >
            <Trash2 aria-hidden size={16} />
          </button>
        </div>
      </div>
      {note.text !== "" && (
        <p
          className={`whitespace-pre-wrap pr-2 [overflow-wrap:anywhere] ${textSize === "large" ? "text-lg" : ""}`}
        >
          {note.text}
        </p>
      )}
      <p className="text-muted mt-2 flex gap-2 text-sm tabular-nums">
        <time dateTime={new Date(note.writtenAt).toISOString()}>
          {WRITTEN.format(note.writtenAt)}
        </time>
        {note.isPinned && <span>· Pinned</span>}
      </p>
    </li>
  );
}
