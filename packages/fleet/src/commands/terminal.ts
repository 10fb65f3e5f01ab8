/** What a command of `tideline-sync` gets from the world, and what it gives back. */

/** Environment variables, as in `process.env`. */
export type Env = Readonly<Record<string, string | undefined>>;

/** Where a command runs and where it writes. */
export interface Terminal {
  readonly cwd: string;
  readonly env: Env;
  /** True if a person reads the log; otherwise it is JSON, a line for each event. */
  readonly isInteractive: boolean;
  /** Writes a line of the result (stdout). */
  readonly print: (line: string) => void;
  /** Writes a line for whoever watches: progress, warnings, errors (stderr). */
  readonly log: (line: string) => void;
  /** Ends the command early; aborts at the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
}

/** What a command comes to. */
export interface Outcome {
  /** @default EXIT_CODES.done */
  readonly exitCode?: number;
  /** For people; goes to stdout when the exit code is 0, and to stderr otherwise. Empty: nothing is written. */
  readonly text: string;
  /** The same for `--json`. */
  readonly json: object;
}

/** What the exit codes of `tideline-sync` mean. */
export const EXIT_CODES = {
  done: 0,
  /** Something that is needed did not work. */
  failed: 1,
  /** The command line or the configuration is wrong. */
  usage: 2,
  /** A rule forbids it; the reason code says which. */
  refused: 3,
  /** Stopped by a signal. */
  interrupted: 130,
} as const;
