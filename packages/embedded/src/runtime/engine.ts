import type { EmbeddedDatabase } from "../data/embedded-database.js";
import type { LoadedCode } from "./load-code.js";

/** What every call needs: the loaded code of this moment, and the world it runs in. */
export interface Engine {
  /** Replaced as a whole by a reload. */
  code: LoadedCode;
  readonly database: EmbeddedDatabase;
  /** ms since epoch. */
  readonly now: () => number;
  /** For what has no caller to tell. */
  readonly log: (line: string) => void;
}

/** Writes the log lines of a function whose caller does not get them. */
export function logFor(engine: Engine, name: string, lines: readonly string[]): void {
  for (const line of lines) engine.log(`[${name}] ${line}`);
}
