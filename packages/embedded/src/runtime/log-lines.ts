import inspect from "object-inspect";

export type LogLevel = "DEBUG" | "INFO" | "LOG" | "WARN" | "ERROR";

const MAX_LINES = 256;
const MAX_LINE_LENGTH = 32_768;
const TRUNCATED = " (truncated due to length)";

/** What one function and those nested in it logged, in the form that clients print. */
export class LogLines {
  readonly lines: string[] = [];

  /** Adds `[LEVEL] 'text' 42`; above 256 lines it says so once and drops the rest. */
  add(level: LogLevel, values: readonly unknown[]): void {
    if (this.lines.length > MAX_LINES) return;
    if (this.lines.length === MAX_LINES) {
      this.lines.push(`[ERROR] Log overflow (maximum ${MAX_LINES}). Remaining log lines omitted.`);
      return;
    }
    const text = values.map(format).join(" ");
    const isTooLong = text.length > MAX_LINE_LENGTH;
    const kept = isTooLong ? text.slice(0, MAX_LINE_LENGTH - TRUNCATED.length) + TRUNCATED : text;
    this.lines.push(`[${level}] ${kept}`);
  }
}

function format(value: unknown): string {
  return inspect(value, { indent: 2, maxStringLength: MAX_LINE_LENGTH });
}
