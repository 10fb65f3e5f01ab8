import { useSyncExternalStore } from "react";

/** A value in this browser's storage that components follow, in all tabs of the app. */
export interface Stored<T> {
  get(): T;
  set(value: T): void;
  /** The value, in a component. */
  use(): T;
}

/**
 * Gives a value kept in localStorage. A full or forbidden storage costs the keeping, not the use.
 *
 * @param parse Names what was stored, which may be anything or nothing (undefined).
 */
export function createStored<T>(key: string, parse: (stored: unknown) => T): Stored<T> {
  const listeners = new Set<() => void>();
  let value = read();

  function read(): T {
    try {
      return parse(JSON.parse(localStorage.getItem(key) ?? "null") ?? undefined);
    } catch {
      // Forbidden storage, or text that is not ours.
      return parse(undefined);
    }
  }

  function change(next: T): void {
    value = next;
    for (const listener of listeners) listener();
  }

  addEventListener("storage", (event) => {
    if (event.key === key || event.key === null) change(read());
  });

  const get = () => value;
  const subscribe = (listener: () => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  return {
    get,
    set(next) {
      change(next);
      try {
        localStorage.setItem(key, JSON.stringify(next));
      } catch {
        // Kept until the tab closes, which is all that can be done.
      }
    },
    use: () => useSyncExternalStore(subscribe, get),
  };
}
