// While a page is frozen or kept for the back button it must hold nothing that other tabs need. A
// page that comes back from there becomes visible.
export const PAGE_EVENTS = ["pagehide", "freeze", "visibilitychange"];

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
 * @param name The same in all tabs that share.
 * @param ask Asks `/version`; rejects when there is no answer worth reading.
 * @param hear Takes in the text of a message, whoever's stream it came by. Must not throw.
 * @param onOpen Called when this tab's own stream is open.
 * @returns The listener that it has added for `PAGE_EVENTS`. Removed, and called with a "pagehide",
 *   it ends all.
 */
export const shareStream = (
  name: string,
  eventsUrl: string,
  ask: () => Promise<string>,
  hear: (text: string) => void,
  onOpen: (() => void) | null,
): ((event: { readonly type: string }) => void) => {
  /** Gives back all that this tab holds; undefined while it rests. */
  let rest: (() => void) | undefined;
  let isAlone: boolean | undefined;

  const start = () => {
    const end = new AbortController();
    const { signal } = end;
    let channel: BroadcastChannel | undefined;
    let stream: EventSource | undefined;
    let isLeading: boolean | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let failures = 0;
    let last: string | undefined;

    rest = () => {
      rest = undefined;
      // What is still on its way is not heard.
      failures = -1;
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
      // The gateway speaks at once. A proxy that keeps it all is found out by its silence.
      later(15_000, fail);
      // There is one already where this tab was granted the lock just as it robbed itself of it.
      stream?.close();
      // biome-ignore lint/suspicious/noAssignInExpressions: the same, for what happens to it
      const opened = (stream = new EventSource(eventsUrl));
      // Not before: where there is no such thing, the wait above ends in questions to `/version`.
      isLeading = true;
      opened.onopen = onOpen;
      // The browser itself mends what is not closed.
      opened.onerror = () => opened.readyState > 1 && fail();
      opened.addEventListener("version_update", ({ data }) => {
        failures = 0;
        // It speaks every 30 s: after a longer silence the socket is dead.
        later(45_000, fail);
        tell(data);
      });
      opened.addEventListener("drain", ({ data }) => {
        opened.close();
        // The first number in it, so that nonsense throws nothing.
        later(data.match(/\d+/) * Math.random(), connect);
      });
    };

    const fail = () => {
      stream?.close();
      // Others may have a better chance, and nobody looks at this tab.
      if (document.hidden) return rest?.();
      const mine = ++failures;
      // Half as long to half as long again, so that a thousand browsers do not ask as one.
      later(Math.min(60_000, 2_000 * 2 ** mine) * (0.5 + Math.random()), connect);
      ask()
        .then((text) => mine === failures && tell(text))
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
          if (isLeading) {
            // Robbed.
            rest?.();
            start();
          } else goAlone();
        });

    const greet = () => {
      // To learn what the others know; everything else that is said is a message's text.
      channel?.postMessage(0);
      later(10_000, () => claim({ steal: true }));
    };

    // A channel that there may be does no harm: all others lead too, and do not listen.
    const goAlone = () => {
      isAlone = true;
      if (document.hidden) rest?.();
      else connect();
    };

    try {
      channel = new BroadcastChannel(name);
      channel.onmessage = ({ data }) => {
        if (isLeading) {
          if (!data) channel?.postMessage(last);
        } else if (data !== 0) {
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

  const onPage = ({ type }: { readonly type: string }) => {
    if (type !== "visibilitychange" || (isAlone && document.hidden)) rest?.();
    else if (!rest && !document.hidden) start();
  };

  for (const type of PAGE_EVENTS) addEventListener(type, onPage, true);
  start();
  return onPage;
};
