import { setTimeout as sleep } from "node:timers/promises";
import { CommandError } from "../command-error.js";

/** Why an attempt to push did not push. */
export interface NotPushed {
  readonly kind: /** Somebody else was faster: look again. */
    | "raced"
    /** The network: it may have arrived or not. */
    | "unreached"
    /** The remote, or git, said no and will say it again. */
    | "refused";
  /** The end of a sentence. */
  readonly why: string;
}

/** How one attempt ended. */
export type Attempt<T> = { readonly kind: "done"; readonly value: T } | NotPushed;

/** How often, and how to wait. */
export interface PushPatience {
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
  /** Waits between two attempts. @default a random time that grows */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<void>;
}

// Each lost race is another's success, so 16 who start together lose 15 times at most.
const MAX_RACES = 40;
const MAX_NETWORK_FAILURES = 5;

/**
 * Repeats an attempt until it is done: after lost races soon, after network trouble with growing
 * pauses, both by chance so that those who collided do not collide again.
 *
 * @param doing What the sentence says could not be done, for example `"bump"`.
 * @throws {CommandError} `failed`, when the remote refuses or the patience ends; `interrupted`.
 */
export async function untilPushed<T>(
  doing: string,
  attempt: () => Promise<Attempt<T>>,
  { signal, log, pause = wait }: PushPatience,
): Promise<T> {
  for (let races = 0, failures = 0; ; ) {
    const result = await attempt();
    if (result.kind === "done") return result.value;
    if (result.kind === "refused") {
      throw new CommandError("failed", `Cannot ${doing}: ${result.why}`);
    }
    const isRace = result.kind === "raced";
    const count = isRace ? ++races : ++failures;
    if (count >= (isRace ? MAX_RACES : MAX_NETWORK_FAILURES)) {
      throw new CommandError("failed", `Cannot ${doing}: ${result.why}, ${count} times in a row`, {
        isOutcomeUnknown: !isRace,
      });
    }
    if (!isRace) log(`Attempt ${failures} to ${doing} failed: ${result.why}; trying again`);
    const longest = isRace ? Math.min(50 * 2 ** races, 1_500) : 500 * 2 ** failures;
    await pause(longest * (isRace ? Math.random() : 0.5 + Math.random() / 2), signal);
  }
}

async function wait(ms: number, signal: AbortSignal): Promise<void> {
  // The next run of git says that it was stopped.
  await sleep(ms, undefined, { signal }).catch(() => {});
}
