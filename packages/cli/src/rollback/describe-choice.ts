import { EXIT_CODES } from "../command.js";
import type { NamedTarget } from "../config/target-of.js";
import type { Outcome } from "../terminal.js";
import { type Choice, nameOf } from "./choose-build.js";

/** What is going to be done about the choice. */
export interface RollbackPlan {
  /** The deploy command; null where it is switched already. */
  readonly command: string | null;
  /** By its digest, or empty. */
  readonly image: string;
  readonly probes: readonly string[];
}

/** Says what a rollback would do; with `isLive` it would only see to it that what is live stays. */
export function describeChoice(
  { appName, environment }: NamedTarget,
  { live, chosen }: Choice,
  plan: RollbackPlan,
  isLive: boolean,
): Outcome {
  const what = `${appName} in ${environment}`;
  const from = `${nameOf(live)}, build ${live.buildId}, epoch ${live.epoch}`;
  const last = new Date(chosen.deployedAt).toISOString();
  const lines = isLive
    ? [`Would keep ${what} at what the ledger calls live`, `  ${from}`]
    : [
        `Would go back with ${what}`,
        `  from ${from}`,
        `  to   ${nameOf(chosen)}, build ${chosen.buildId}, last deployed ${last}`,
      ];
  if (plan.image !== "") lines.push(`  image ${plan.image}`);
  const isOnlyIfAway = isLive && plan.probes.length > 0;
  const when = isOnlyIfAway ? `, if ${plan.probes.join(" and ")} should serve another build` : "";
  if (plan.command !== null && (!isLive || isOnlyIfAway))
    lines.push(`  by   ${plan.command}${when}`);
  return {
    exitCode: EXIT_CODES.done,
    text: lines.join("\n"),
    json: { ok: true, dryRun: true, appName, environment, from: live, to: chosen, ...plan },
  };
}
