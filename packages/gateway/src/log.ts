/** How much is said, from little to much. */
export const LOG_LEVELS = ["silent", "error", "warn", "info", "debug"] as const;

/** A name of how much is said. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What a gateway says while it runs. A level that nobody reads is absent, and costs nothing. */
export interface Log {
  readonly error?: (line: string) => void;
  readonly warn?: (line: string) => void;
  readonly info?: (line: string) => void;
  readonly debug?: (line: string) => void;
}

/** How a log is written. */
export interface LogOptions {
  /** @default "info" */
  readonly level?: LogLevel;
  /** One JSON object a line instead of `INFO: …`. @default false */
  readonly json?: boolean;
  /** Takes one line, without its line break. @default Node's standard output */
  readonly write?: (line: string) => void;
  /** @default Date.now */
  readonly now?: () => number;
}

/** Gives a log that writes lines for people, or for machines. */
export function createLog({
  level = "info",
  json = false,
  write = (line) => void process.stdout.write(`${line}\n`),
  now = Date.now,
}: LogOptions = {}): Log {
  const most = LOG_LEVELS.indexOf(level);
  const says = LOG_LEVELS.filter((name, index) => name !== "silent" && index <= most);
  return Object.fromEntries(
    says.map((name) => [
      name,
      (message: string) => {
        if (json)
          write(JSON.stringify({ at: new Date(now()).toISOString(), level: name, message }));
        else write(`${name.toUpperCase()}: ${printable(message)}`);
      },
    ]),
  );
}

const MAX_LINE = 500;

/**
 * Text that may hold what a client or a record chose, for use in a line: control characters are
 * written as `\u001b`, so that it can neither begin a line of its own nor move a terminal's
 * cursor, and what is after 500 characters is left out.
 */
export function printable(text: string): string {
  const kept = text.length > MAX_LINE ? `${text.slice(0, MAX_LINE)}…` : text;
  return kept.replace(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
