/** What the server says while it runs. */
export interface Log {
  /** Said always: the start, a mutation that failed, what an operator must know. */
  line(text: string): void;
  /** Every call and connection; said only when asked for. */
  verbose(text: string): void;
}

const MAX_QUOTED = 500;

/**
 * What a client chose (a path, an error's text) for use in a line: control characters are written
 * as `\u001b`, so that it can neither begin a line of its own nor move a terminal's cursor, and
 * what is after 500 characters is left out.
 */
export function printable(text: string): string {
  const kept = text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text;
  return kept.replace(
    /[\p{Cc}\u2028\u2029]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** @param write Takes one line, without its line break. */
export function createLog(write: (line: string) => void, isVerbose: boolean): Log {
  return { line: write, verbose: isVerbose ? write : () => {} };
}
