import type { Plan, PlanEntry } from "./plan.js";

/**
 * Gives a plan as lines for `$GITHUB_OUTPUT`: `plan`, `bump`, `version`, `commit`, and for each
 * action the services that it is for, as JSON for a job's matrix.
 */
export function planOutputs(plan: Plan): string {
  const named = (action: PlanEntry["action"]) =>
    JSON.stringify(
      plan.entries.filter((entry) => entry.action === action).map(({ service }) => service),
    );
  const outputs = {
    plan: JSON.stringify(plan),
    bump: String(plan.bump),
    version: plan.version,
    commit: plan.commit ?? "",
    build: named("build"),
    restore: named("restore"),
    reuse: named("reuse"),
    skip: named("skip"),
  };
  // JSON has no line breaks of its own, and a version or commit can hold none.
  return Object.entries(outputs)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");
}
