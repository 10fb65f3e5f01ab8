import { FUNCTION_NAMES, WATCH_LATEST_DEPLOYMENT } from "@tideline/version";
import { CommandError } from "../../command-error.js";
import { callFunction } from "../../ledger/call-ledger.js";
import { convexUrl } from "../../ledger/convex-url.js";

import { type Check, checked, type Finding, skipped } from "../check.js";
import type { Examination } from "../examination.js";

const TIMEOUT_MS = 10_000;
const TARGET = { environment: "production" } as const;

/** The ledger answers, and has the functions that are called by name. */
export const ledgerReached: Check = {
  name: "ledger",
  promise: "every named ledger answers and has its functions",
  look: async (examination) => {
    const { reach } = examination;
    const urls = ledgersOf(examination);
    if (urls.length === 0) return skipped("no ledger is named: set CONVEX_URL");
    if (!reach.mayAskLedger) return skipped(`--network would ask ${urls.join(", ")}`);
    const findings: Finding[] = [];
    for (const url of urls) {
      const calls = [
        [WATCH_LATEST_DEPLOYMENT, { ...TARGET, appName: "web" }],
        [FUNCTION_NAMES.findDeployedInputs, { ...TARGET, services: [] }],
      ] as const;
      for (const [path, args] of calls) {
        const problem = await ask(url, path, args, reach.signal);
        if (problem === null) continue;
        const fix = /has no function/.test(problem)
          ? "export them from convex/deployments.ts, and npx convex deploy"
          : "name the deployment in CONVEX_URL, and see that it runs";
        findings.push({ level: "fail", where: url, problem, fix });
        // One sentence about one ledger that does not answer.
        if (!/has no function/.test(problem)) break;
      }
    }
    return checked(findings);
  },
};

/** By the variables, else by the configured environments. */
function ledgersOf({ config, env }: Examination): readonly string[] {
  if (env.CONVEX_URL?.trim() || env.CONVEX_SELF_HOSTED_URL?.trim()) {
    return [convexUrl(env, undefined)];
  }
  const configured = [...(config?.environments.values() ?? [])].map(({ convexUrl }) => convexUrl);
  return [...new Set(configured.filter((url) => url !== null))];
}

/** Gives what went wrong, or null. */
async function ask(
  url: string,
  path: string,
  args: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
): Promise<string | null> {
  try {
    await callFunction("query", path, args, {
      doing: "ask the ledger",
      url,
      timeoutMs: TIMEOUT_MS,
      signal,
      log: () => {},
    });
    return null;
  } catch (error) {
    if (!(error instanceof CommandError) || error.kind === "interrupted") throw error;
    // What the function itself says, it says because it is there.
    return error.code === null ? error.message.replace(/^Cannot/, "cannot") : null;
  }
}
