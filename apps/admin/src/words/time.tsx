import { useSyncExternalStore } from "react";
import { relativeTime } from "./relative-time.js";

const ABSOLUTE = new Intl.DateTimeFormat("en", { dateStyle: "full", timeStyle: "long" });
const SHORT = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "medium" });

/** A moment as "2 minutes ago", ticking; when exactly is in its title. */
export function RelativeTime({ at }: { readonly at: number }) {
  // The text is the snapshot, so that a tick redraws only the times whose words change.
  const text = useSyncExternalStore(onSecond, () => relativeTime(at, Date.now()));
  return (
    <time dateTime={new Date(at).toISOString()} title={ABSOLUTE.format(at)}>
      {text}
    </time>
  );
}

/** A moment by date and clock. */
export function ExactTime({ at }: { readonly at: number }) {
  return (
    <time dateTime={new Date(at).toISOString()} title={ABSOLUTE.format(at)}>
      {SHORT.format(at)}
    </time>
  );
}

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function onSecond(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    if (document.hidden) return;
    for (const tell of listeners) tell();
  }, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}
