/** That an upstream was said to have moved. It is a hint alone: truth is read from the remote. */
export interface UpstreamHint {
  readonly subsystem: string;
  /** Grows with every hint of the subsystem. */
  readonly sequence: number;
  /** ms since epoch, by the ledger's clock. */
  readonly at: number;
}
