import type { LatestDeployment } from "@tideline/version";

/** What a watch asks for: the target, and the build that asks. */
export interface DeploymentQuery {
  readonly appName: string;
  readonly environment: string;
  /** Absent where the page's stamp could not be read. */
  readonly buildId?: string;
}

/**
 * Where a watch hears of the latest deployment. A source keeps its own connection alive; it has no
 * opinion about what it delivers.
 */
export interface DeploymentSource {
  /**
   * Follows the target until the returned function is called.
   *
   * @param onLatest Called with the first answer and with every later one; null: nothing recorded;
   *   undefined, which is ignored: no answer yet.
   * @param onError Called when the query cannot be answered; the message says how to mend it. A
   *   later `onLatest` means that it is mended.
   * @throws {Error} If the source cannot even start; same message rule.
   */
  subscribe(
    query: DeploymentQuery,
    onLatest: (latest: LatestDeployment | null | undefined) => void,
    onError: (error: Error) => void,
  ): () => void;

  /**
   * Asks once, outside the live connection, which may be dead without knowing it after the machine
   * slept. Without an answer (it may reject too) the live connection has the last word.
   */
  check?(query: DeploymentQuery): Promise<LatestDeployment | null | undefined>;
}
