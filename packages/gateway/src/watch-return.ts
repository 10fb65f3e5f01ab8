import type { DeploymentQuery } from "@tideline/watch";
import type { ConvexConnection } from "@tideline/watch/convex";

/** What watching for the ledger's return needs. */
export interface WatchReturnOptions {
  readonly ledger: ConvexConnection;
  /** What is asked; any question that the ledger answers. */
  readonly query: DeploymentQuery;
  /** Called when a question got no answer. */
  readonly onNoAnswer: () => void;
  /** Gives a number from 0 to 1. */
  readonly random: () => number;
}

/** So often it is asked, give or take a quarter. */
const EVERY_MS = 1_000;
/** Where it answers questions and takes no connection, attempts become rarer up to this. */
const MAX_PAUSE_MS = 16_000;

/**
 * Asks a ledger that is away over plain HTTP, once a second and not for each topic, whether it is
 * back, and has the client connect then: by itself it waits longer after each failure.
 *
 * @returns Ends it.
 */
export function watchReturn({ ledger, query, onNoAnswer, random }: WatchReturnOptions): () => void {
  let timer: NodeJS.Timeout | undefined;
  let pauseMs = EVERY_MS;
  let notBefore = 0;

  const schedule = () => {
    clearTimeout(timer);
    timer = setTimeout(ask, EVERY_MS * (0.75 + random() / 2));
    timer.unref();
  };
  const ask = () => {
    // Not after the one before it: a question may hang until its limit of 10 s.
    schedule();
    Promise.resolve(ledger.source.check?.(query)).then(
      (answer) => (answer === undefined ? onNoAnswer() : hear()),
      onNoAnswer,
    );
  };
  const hear = () => {
    const now = performance.now();
    if (ledger.state() !== "away" || now < notBefore) return;
    notBefore = now + pauseMs;
    pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS);
    ledger.reconnect?.();
  };
  const look = () => {
    if (ledger.state() === "away") {
      if (timer === undefined) schedule();
      return;
    }
    clearTimeout(timer);
    timer = undefined;
    pauseMs = EVERY_MS;
    notBefore = 0;
  };
  const stopListening = ledger.onStateChange(look);
  look();
  return () => {
    stopListening();
    clearTimeout(timer);
  };
}
