/** Environment variables, as in `process.env`. */
export type Env = Readonly<Record<string, string | undefined>>;

/** Where a command runs and where it writes. */
export interface Terminal {
  readonly cwd: string;
  readonly env: Env;
  /** A line for whoever reads the result. */
  readonly print: (line: string) => void;
  /** A line for whoever watches: warnings, attempts, errors. */
  readonly log: (line: string) => void;
  /** Ends the command early. */
  readonly signal: AbortSignal;
}

/** What a command gives: its exit code, a text for people, and the same as data. */
export interface Outcome {
  readonly exitCode: number;
  readonly text: string;
  readonly json: object;
}
