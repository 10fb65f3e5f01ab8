import { X } from "lucide-react";
import type { RefObject } from "react";

const KEYS = [
  ["j", "Next row"],
  ["k", "Previous row"],
  ["Enter", "Open or close its details"],
  ["/", "Filter the rows"],
  ["Esc", "Clear the filter"],
  ["?", "This help"],
] as const;

/** The page's keys. Opened with `showModal()` on the ref. */
export function HelpDialog({ ref }: { readonly ref: RefObject<HTMLDialogElement | null> }) {
  return (
    <dialog
      ref={ref}
      aria-labelledby="help-heading"
      className="card text-ink shadow-float m-auto w-80 max-w-[calc(100vw-2rem)] p-0 backdrop:bg-black/40"
    >
      <div className="border-line flex items-center justify-between border-b py-2 pl-4 pr-2">
        <h2 id="help-heading" className="font-semibold">
          Keys
        </h2>
        <button
          type="button"
          className="button-icon"
          aria-label="Close"
          onClick={() => ref.current?.close()}
        >
          <X aria-hidden size={16} />
        </button>
      </div>
      <dl className="grid grid-cols-[auto_1fr] items-center gap-x-4 gap-y-2 p-4">
        {KEYS.map(([key, does]) => (
          <div key={key} className="contents">
            <dt>
              <kbd className="key">{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </dialog>
  );
}
