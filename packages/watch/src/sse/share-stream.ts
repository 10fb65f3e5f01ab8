/** What a tab shares with the others, and what it needs for that. */
export interface SharedStream {
  /** The same in all tabs that share. */
  readonly name: string;
  readonly eventsUrl: string;
  /** Asks `/version`; rejects when there is no answer worth reading. */
  ask(): Promise<string>;
  /** Takes in the text of a message, whoever's stream it came by. Must not throw. */
  hear(text: string): void;
  /** Called with what happens to this tab's own stream. */
  readonly onStreamEvent: ((event: Event) => void) | undefined;
}

// While a page is frozen or kept for the back button it must hold nothing that other tabs need. A
// page that comes back from there becomes visible.
const PAGE_EVENTS = ["pagehide", "freeze", "visibilitychange"];

/** What a tab says to learn what the others know; everything else that is said is a message's text. */
const GREETING = 0;

/**
 * Takes part in one stream of a gateway's messages for all tabs of a browser.
 *
 * ```text
 *            page is shown               has the lock
 *   resting ───────────────> following ───────────────> leading: repeats to all what it hears
 *    ^ ^                      │  │  ^                    │ │
 *    │ └── frozen, or kept ───┘  │  └──── robbed ────────┘ │     connecting ── message ──> open
 *    │     for the back button   │                         │      ^ ^                     │ │
 *    │                           │ 65 s of silence, and    │      │ └────── drain ────────┘ │
 *    │                           v nobody answers a greeting      │                         v
 *    │                          robs the lock              │      └─ 4, 8 … 60 s ─ asking <─┘
 *    └── as above, or hidden and without a stream ─────────┘                    silent, or refused
 * ```
 *
 * Silence means that the leader is suspended without having been told, as phones do it. Where there
 * are no locks or no channel, this tab has a stream of its own while it is visible.
 *
 * @returns A function that ends it.
 */
export function shareStream({ name, eventsUrl, ask, hear, onStreamEvent }: SharedStream) {
  /** Gives back all that this tab holds; undefined while it rests. */
  let rest: (() => void) | undefined;
  let isAlone = false;

  const start = () => {
    const end = new AbortController();
    const { signal } = end;
    let channel: BroadcastChannel | undefined;
    let stream: EventSource | undefined;
    let isLeading = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let failures = 0;
    let last = "";

    rest = () => {
      rest = undefined;
      clearTimeout(timer);
      stream?.close();
      channel?.close();
      end.abort();
    };

    /** There is one thing to wait for at a time. */
    const later = (delayMs: number, next: () => void) => {
      clearTimeout(timer);
      timer = setTimeout(next, delayMs);
    };

    const tell = (text: string) => {
      last = text;
      hear(text);
      channel?.postMessage(text);
    };

    const connect = () => {
      isLeading = true;
      // The gateway speaks at once. A proxy that keeps it all is found out by its silence.
      later(15_000, fail);
      // There is one already where this tab was granted the lock just as it robbed itself of it.
      stream?.close();
      try {
        const opened = new EventSource(eventsUrl);
        stream = opened;
        opened.onopen = opened.onerror = (event) => {
          onStreamEvent?.(event);
          // The browser itself mends what is not closed.
          if (opened.readyState === 2) fail();
        };
        opened.addEventListener("version_update", ({ data }) => {
          failures = 0;
          // It speaks every 30 s: after a longer silence the socket is dead.
          later(45_000, fail);
          tell(data);
        });
        opened.addEventListener("drain", ({ data }) => {
          opened.close();
          // Its digits alone, so that nonsense throws nothing.
          later(+data.replace(/\D/g, "") * Math.random(), connect);
        });
      } catch {
        // No EventSource, or one that is not to be had here.
        fail();
      }
    };

    const fail = () => {
      stream?.close();
      // Others may have a better chance, and nobody looks at this tab.
      if (document.hidden) return rest?.();
      const mine = ++failures;
      // Half as long to half as long again, so that a thousand browsers do not ask as one.
      later(Math.min(60_000, 2_000 * 2 ** mine) * (0.5 + Math.random()), connect);
      ask()
        .then((text) => mine === failures && !signal.aborted && tell(text))
        .catch(() => {}); // No answer is no news.
    };

    const claim = (options: LockOptions) =>
      navigator.locks
        .request(
          name,
          options,
          () =>
            signal.aborted ||
            new Promise((free) => {
              signal.onabort = free;
              connect();
            }),
        )
        .catch(() => {
          if (signal.aborted) return;
          // Robbed, or refused.
          if (!isLeading) return goAlone();
          rest?.();
          start();
        });

    const greet = () => {
      channel?.postMessage(GREETING);
      later(10_000, () => claim({ steal: true }));
    };

    const goAlone = () => {
      isAlone = true;
      channel?.close();
      channel = undefined;
      if (document.hidden) rest?.();
      else connect();
    };

    try {
      const opened = new BroadcastChannel(name);
      channel = opened;
      opened.onmessage = ({ data }) => {
        if (isLeading) {
          if (data === GREETING) opened.postMessage(last);
        } else if (data !== GREETING) {
          later(65_000, greet);
          // A leader that has heard nothing says so.
          if (data) hear(data);
        }
      };
      greet();
      claim({ signal });
    } catch {
      // No such thing in this browser, on this page, or under its policy.
      goAlone();
    }
  };

  const onPage = ({ type }: Event) => {
    if (type !== "visibilitychange" || (isAlone && document.hidden)) rest?.();
    else if (!document.hidden && !rest) start();
  };

  for (const type of PAGE_EVENTS) addEventListener(type, onPage, true);
  start();
  return () => {
    for (const type of PAGE_EVENTS) removeEventListener(type, onPage, true);
    rest?.();
  };
}
