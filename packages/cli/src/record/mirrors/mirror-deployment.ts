/** Tells others of a deployment that the ledger has taken. Never fatal: the ledger has it. */
import type { DeploymentRecord, RecordAnswer } from "@tideline/version";
import type { Terminal } from "../../terminal.js";
import { mirrorToGitHub } from "./mirror-to-github.js";
import { mirrorToSentry } from "./mirror-to-sentry.js";

/** A deployment that was taken. */
export interface TakenDeployment {
  readonly answer: RecordAnswer & { readonly ok: true };
  readonly record: DeploymentRecord;
  /** Where it is served, if that is known. */
  readonly probes: readonly string[];
}

/** Tells those who are set up; each failure is a warning in the log. */
export async function mirrorDeployment(
  { wantsGitHub, ...deployment }: TakenDeployment & { readonly wantsGitHub: boolean },
  { env, log, signal }: Terminal,
): Promise<void> {
  const isAsked = wantsGitHub || env.TIDELINE_GITHUB_DEPLOYMENT?.trim() === "1";
  const mirrors = [
    ...(isAsked ? [["GitHub", mirrorToGitHub] as const] : []),
    ...(env.SENTRY_AUTH_TOKEN?.trim() ? [["Sentry", mirrorToSentry] as const] : []),
  ];
  for (const [name, mirror] of mirrors) {
    try {
      await mirror(deployment, env, signal);
    } catch (error) {
      log(`The deployment is recorded, but ${name} was not told: ${(error as Error).message}`);
    }
  }
}
