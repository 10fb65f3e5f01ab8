import { Download } from "lucide-react";
import { useState } from "react";
import { notes } from "../notes/notes-store.js";
import { Choice } from "./choice.js";
import { settings } from "./settings.js";

/** Loaded when it is opened, as a part of the app that most visits do without. */
export default function SettingsPage() {
  const current = settings.use();
  return (
    <div className="grid gap-8">
      <title>Settings · Tidepool</title>
      <h1 className="text-2xl font-semibold tracking-tight">Settings</h1>
      <Choice
        legend="Order of notes"
        name="order"
        options={{ newest: "Newest first", oldest: "Oldest first", title: "By title" }}
        value={current.order}
        onChange={(order) => settings.set({ ...current, order })}
      />
      <Choice
        legend="Text size"
        name="text-size"
        options={{ regular: "Regular", large: "Large" }}
        value={current.textSize}
        onChange={(textSize) => settings.set({ ...current, textSize })}
      />
      <YourData />
    </div>
  );
}

function YourData() {
  const { length } = notes.use();
  const [isAsking, setIsAsking] = useState(false);
  return (
    <section className="grid justify-items-start gap-3" aria-labelledby="data-heading">
      <h2 id="data-heading" className="font-semibold">
        Your data
      </h2>
      <p className="text-muted">
        {length === 1 ? "One note" : `${length} notes`}, kept in this browser and nowhere else.
      </p>
      <div className="flex flex-wrap gap-2">
        <button
          type="button"
          className="button button-line"
          disabled={length === 0}
          onClick={download}
        >
          <Download aria-hidden size={16} /> Export as JSON
        </button>
        {isAsking ? (
          <>
            <button
              type="button"
              className="button border-red text-red border"
              onClick={() => {
                notes.set([]);
                setIsAsking(false);
              }}
            >
              Yes, delete {length === 1 ? "the note" : `all ${length}`}
            </button>
            <button
              type="button"
              className="button button-plain"
              onClick={() => setIsAsking(false)}
            >
              Keep them
            </button>
          </>
        ) : (
          <button
            type="button"
            className="button button-line text-red"
            disabled={length === 0}
            onClick={() => setIsAsking(true)}
          >
            Delete all notes
          </button>
        )}
      </div>
    </section>
  );
}

function download() {
  const blob = new Blob([JSON.stringify(notes.get(), null, 2)], { type: "application/json" });
  const address = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = address;
  link.download = "tidepool-notes.json";
  link.click();
  URL.revokeObjectURL(address);
}
