/** What the crash tests record, and how they read it back. */
import { createHash } from "node:crypto";
import type { DeploymentRow } from "@tideline/ledger";
import type { DeploymentRecord } from "@tideline/version";
import { FUNCTION_NAMES } from "@tideline/version";
import type { ConvexHttpClient } from "convex/browser";
import type { PaginationResult } from "convex/server";
import { makeFunctionReference } from "convex/server";
import { TOKEN } from "./ledger-process.js";

const list = makeFunctionReference<
  "query",
  {
    appName: string;
    environment: string;
    paginationOpts: { numItems: number; cursor: string | null };
  },
  PaginationResult<DeploymentRow>
>(FUNCTION_NAMES.listDeployments);

const ENVIRONMENT = "production";

/** The arguments of a build that nothing else shares: bytes, commit and version are its own. */
export function recordOf(
  appName: string,
  buildId: string,
  extra: Partial<DeploymentRecord> = {},
): DeploymentRecord & Record<string, unknown> {
  return {
    appName,
    environment: ENVIRONMENT,
    version: `1.0.0-${buildId}`,
    gitCommit: createHash("sha1").update(buildId).digest("hex"),
    buildId,
    buildNumber: 1,
    buildTime: 1_700_000_000_000,
    token: TOKEN,
    ...extra,
  };
}

/** The whole history of an app, oldest first. */
export async function historyOf(
  client: ConvexHttpClient,
  appName: string,
): Promise<DeploymentRow[]> {
  const rows: DeploymentRow[] = [];
  for (let cursor: string | null = null; ; ) {
    const paginationOpts = { numItems: 500, cursor };
    const result: PaginationResult<DeploymentRow> = await client.query(list, {
      appName,
      environment: ENVIRONMENT,
      paginationOpts,
    });
    rows.push(...result.page);
    if (result.isDone) return rows.reverse();
    cursor = result.continueCursor;
  }
}
