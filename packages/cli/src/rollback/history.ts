/** What was live on a target, the newest first. */
import { type DeploymentKind, FUNCTION_NAMES } from "@tideline/version";
import { CommandError } from "../command-error.js";
import type { Ledger } from "../ledger/open-ledger.js";
import type { SendOptions } from "../record/send-deployment.js";

/** A row of the history, as `listDeployments` gives it. */
export interface HistoryRow {
  readonly appName: string;
  readonly environment: string;
  readonly version: string;
  readonly gitCommit: string;
  readonly buildNumber: number;
  readonly buildTime: number;
  readonly deployedAt: number;
  readonly gitTag?: string;
  readonly buildId: string;
  readonly epoch: number;
  readonly kind: DeploymentKind;
  readonly status: "live" | "replaced" | "superseded" | "refused";
  readonly commitTime?: number;
  readonly inputsId?: string;
  readonly imageDigest?: string;
}

const PAGE = 200;
// Far above what any ledger keeps; below what anybody would wait for.
const MAX_PAGES = 50;

/**
 * Reads everything that was taken for a target and that the ledger still keeps.
 *
 * @throws {CommandError} As every call does; `failed` if the answer is none of Tideline's.
 */
export async function readHistory(
  ledger: Ledger,
  { appName, environment }: { readonly appName: string; readonly environment: string },
  send: SendOptions,
): Promise<readonly HistoryRow[]> {
  const doing = `read the history of ${appName} in ${environment}`;
  const rows: HistoryRow[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MAX_PAGES; page++) {
    const paginationOpts: { numItems: number; cursor: string | null } = { numItems: PAGE, cursor };
    const args = { appName, environment, paginationOpts };
    const answer = (await ledger.call("query", FUNCTION_NAMES.listDeployments, args, {
      ...send,
      doing,
    })) as Partial<HistoryPage> | null;
    if (!Array.isArray(answer?.page)) {
      throw new CommandError(
        "failed",
        `Cannot ${doing}: expected the answer of Tideline's ${FUNCTION_NAMES.listDeployments}, got ${JSON.stringify(answer)?.slice(0, 80)}`,
      );
    }
    rows.push(...answer.page);
    if (answer.isDone || answer.continueCursor === undefined) break;
    cursor = answer.continueCursor;
  }
  return rows.filter(({ status }) => status === "live" || status === "replaced");
}

interface HistoryPage {
  readonly page: readonly HistoryRow[];
  readonly isDone: boolean;
  readonly continueCursor: string;
}
