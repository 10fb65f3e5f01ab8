/** What the server says while it runs. */
export interface Log {
  /** Said always: the start, a mutation that failed, what an operator must know. */
  line(text: string): void;
  /** Every call and connection; said only when asked for. */
  verbose(text: string): void;
}

/** @param write Takes one line, without its line break. */
export function createLog(write: (line: string) => void, isVerbose: boolean): Log {
  return { line: write, verbose: isVerbose ? write : () => {} };
}
