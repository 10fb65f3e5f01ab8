/** Looks that are due at a time; one for each key. */
export interface AgainTimers {
  /** Has it called back at a time (ms since epoch); of several for a key the earliest counts. */
  set(key: string, at: number): void;
  /** Forgets the one of a key. */
  clear(key: string): void;
  close(): void;
}

// What setTimeout can hold; a longer wait is taken in parts.
const MAX_DELAY_MS = 2 ** 31 - 1;

/**
 * Makes the timers of looks that wait for a window, for a host's limit or for another try. These are
 * times that something has named, so that nothing is ever looked at "every now and then".
 *
 * @param now ms since epoch.
 */
export function createAgainTimers(now: () => number, onDue: (key: string) => void): AgainTimers {
  const due = new Map<string, { readonly at: number; readonly timer: NodeJS.Timeout }>();

  function arm(key: string, at: number): void {
    const delay = Math.min(Math.max(at - now(), 0), MAX_DELAY_MS);
    const timer = setTimeout(() => {
      // A clock that was set back, or a wait longer than one timer.
      if (at > now()) arm(key, at);
      else {
        due.delete(key);
        onDue(key);
      }
    }, delay);
    due.set(key, { at, timer });
  }

  return {
    set(key, at) {
      const before = due.get(key);
      if (before !== undefined && before.at <= at) return;
      clearTimeout(before?.timer);
      arm(key, at);
    },
    clear(key) {
      clearTimeout(due.get(key)?.timer);
      due.delete(key);
    },
    close() {
      for (const { timer } of due.values()) clearTimeout(timer);
      due.clear();
    },
  };
}
