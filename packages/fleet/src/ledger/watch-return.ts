/** What watching for the ledger's return needs. */
export interface WatchReturnOptions {
  /** The deployment's address. */
  readonly url: string;
  readonly fetch: typeof fetch;
  /** Has the client connect at once. */
  readonly reconnect: () => void;
}

/** Watches for the return of a ledger that is away. */
export interface WatchReturn {
  /** Tells whether it is away now. */
  look(isAway: boolean): void;
  end(): void;
}

/**
 * So often it is asked, give or take a quarter: by itself the client waits up to 24 s, and a fleet that
 * was cut off together is spread over this time.
 */
const EVERY_MS = 2_000;
const ANSWER_WITHIN_MS = 5_000;
/** Where it answers questions and takes no connection, attempts become rarer, from this to that. */
const MIN_PAUSE_MS = 4_000;
const MAX_PAUSE_MS = 16_000;

/**
 * Asks a ledger that is away for its version, over plain HTTP and one question at a time, and has the
 * client connect when it answers. While it is there, nothing is asked.
 */
export function watchReturn({ url, fetch, reconnect }: WatchReturnOptions): WatchReturn {
  let timer: NodeJS.Timeout | null = null;
  let asked: AbortController | null = null;
  let pauseMs = MIN_PAUSE_MS;
  let notBefore = 0;
  let isAway = false;

  function schedule(): void {
    timer = setTimeout(() => void ask(), EVERY_MS * (0.75 + Math.random() / 2));
    // Whoever waits for the ledger does so for a time of their own.
    timer.unref();
  }

  async function ask(): Promise<void> {
    const controller = new AbortController();
    asked = controller;
    const late = setTimeout(() => controller.abort(), ANSWER_WITHIN_MS);
    try {
      const answer = await fetch(`${url}/version`, { signal: controller.signal });
      await answer.body?.cancel();
      // A proxy answers for it as well.
      if (answer.ok) hear();
    } catch {
      // It is away.
    } finally {
      clearTimeout(late);
      if (asked === controller) {
        asked = null;
        if (isAway) schedule();
      }
    }
  }

  function hear(): void {
    const now = performance.now();
    if (!isAway || now < notBefore) return;
    notBefore = now + pauseMs;
    pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS);
    reconnect();
  }

  function stop(): void {
    isAway = false;
    if (timer !== null) clearTimeout(timer);
    timer = null;
    asked?.abort();
    asked = null;
  }

  return {
    look(is) {
      if (is === isAway) return;
      if (!is) {
        stop();
        pauseMs = MIN_PAUSE_MS;
        notBefore = 0;
        return;
      }
      isAway = true;
      schedule();
    },
    end: stop,
  };
}
