/** A script cannot go on for a reason that its user can mend; the message is one sentence. */
export class ScriptError extends Error {
  override name = "ScriptError";
}

/**
 * Runs a script's main function. What its user can mend is one sentence and exit code 1; anything
 * else is a defect and shows its stack.
 *
 * @param mendable Other classes of error whose message is such a sentence.
 */
export async function runScript(
  main: () => Promise<void>,
  mendable: readonly (abstract new (...args: never[]) => Error)[] = [],
): Promise<void> {
  try {
    await main();
  } catch (error) {
    const isSentence = [ScriptError, ...mendable].some((known) => error instanceof known);
    console.error(isSentence ? (error as Error).message : error);
    // Whoever was stopped by a signal has said so already.
    process.exitCode ??= 1;
  }
}
