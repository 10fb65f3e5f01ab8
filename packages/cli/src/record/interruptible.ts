import { CommandError } from "../command-error.js";

/**
 * Runs what waits.
 *
 * @throws {CommandError} `interrupted` with the sentence, when a signal ends it.
 */
export async function interruptible<Result>(
  sentence: string,
  wait: () => Promise<Result>,
): Promise<Result> {
  try {
    return await wait();
  } catch (cause) {
    if ((cause as Error).name !== "AbortError") throw cause;
    throw new CommandError("interrupted", sentence, { cause });
  }
}
