/**
 * What the ledger's tests need of a deployment, whatever runs it: convex-test, the embedded server
 * or the official backend.
 */
export interface LedgerClient {
  query(path: string, args: Record<string, unknown>): Promise<unknown>;
  mutation(path: string, args: Record<string, unknown>): Promise<unknown>;
  /** Sets (string) or removes (null) a variable of the deployment. */
  setVariable(name: string, value: string | null): Promise<void>;
  /** Lets at least so much time pass, and whatever was scheduled for it run. */
  advance(ms: number): Promise<void>;
  /** Calls back with every answer that reaches a watching client; absent where nothing can watch. */
  watch?(
    path: string,
    args: Record<string, unknown>,
    onAnswer: (answer: unknown) => void,
  ): () => void;
  /** Asks the app's own HTTP routes; absent where they cannot be reached. */
  fetch?(path: string, init: RequestInit): Promise<Response>;
  /** Hours pass at once where the clock is not the machine's. */
  readonly isTimeFake?: boolean;
  close(): Promise<void>;
}
