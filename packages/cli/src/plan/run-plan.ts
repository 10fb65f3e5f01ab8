import { appendFile } from "node:fs/promises";
import { resolve } from "node:path";
import { isCi, readInputTree } from "@tideline/stamp";
import { type DeployedInputs, isTargetName } from "@tideline/version";
import { nearestWord } from "@tideline/version/nearest-word";
import { EXIT_CODES } from "../command.js";
import { CommandError } from "../command-error.js";
import type { TidelineConfig } from "../config/config.js";
import { requireConfig } from "../config/load-config.js";
import { withLedgerOf } from "../config/service-in.js";
import { convexUrl } from "../ledger/convex-url.js";
import { findDeployedInputs } from "../ledger/query-ledger.js";
import type { GivenOptions } from "../parse-command-line.js";
import type { Env, Outcome, Terminal } from "../terminal.js";
import { changedPaths } from "./changed-paths.js";
import { makePlan, type Plan } from "./plan.js";
import { versionsToAsk } from "./plan-names.js";
import { planOutputs } from "./plan-outputs.js";
import { planSummary, planText } from "./plan-text.js";
import { planVersion } from "./plan-version.js";
import {
  type FoundInputs,
  fingerprintTree,
  readServiceInputs,
  warnOfEmptyGlobs,
} from "./service-inputs.js";

/** `tideline plan`. */
export async function runPlan(given: GivenOptions, terminal: Terminal): Promise<Outcome> {
  const { cwd, env, log, signal } = terminal;
  const config = await requireConfig(cwd, "plan");
  const environment = findEnvironment(config, given.text("environment"), env);
  const output = given.has("github-output") ? requireFile(env, "GITHUB_OUTPUT", cwd) : null;
  const summary = given.has("summary") ? requireFile(env, "GITHUB_STEP_SUMMARY", cwd) : null;
  const ledgerEnv = withLedgerOf(config.environments.get(environment) ?? null, env);
  const url = convexUrl(ledgerEnv, given.text("url"));
  const salt = given.text("salt");
  const seconds = given.number("timeout", 0.1, 86_400) ?? 60;

  const inputs = await readServiceInputs(config, env, { salt });
  for (const warning of warnOfEmptyGlobs(config, inputs.tree)) log(warning);
  if (inputs.tree.kind === "files") {
    log(
      `"${config.root}" is in no git repository: the plan is of the files in it, and of no commit`,
    );
  }
  const asked = [...config.services.values()].map(({ name, appName }) => ({
    appName,
    inputsId: inputs.ids.get(name) ?? "",
  }));
  const ask = async () => {
    const version = await planVersion(config, inputs.tree, env, signal);
    const answers = await findDeployedInputs(environment, asked, terminal, {
      doing: `plan ${environment}`,
      url,
      versions: versionsToAsk(version),
      timeoutMs: seconds * 1000,
      signal,
      log,
    });
    return [version, answers] as const;
  };
  const [[version, answers], commit] = await Promise.all([
    ask(),
    commitOf(config, inputs, env, salt),
  ]);
  const names = [...config.services.keys()];
  const deployed = new Map(answers.map((answer, index) => [names[index] ?? "", answer]));
  const facts = { config, environment, commit, version, deployed, inputsIds: inputs.ids };
  const plan = makePlan(facts);

  // Only people read which paths differ: a clone that does not have the commit plans the same.
  const changed =
    given.has("json") && summary === null
      ? new Map()
      : await changedPaths(config, inputs.tree, env, liveCommits(deployed, plan));
  if (output !== null) await appendFile(output, planOutputs(plan));
  if (summary !== null) await appendFile(summary, planSummary(plan, changed));
  return { exitCode: EXIT_CODES.done, text: planText(plan, changed), json: plan };
}

function findEnvironment(
  { environments, path }: TidelineConfig,
  option: string | undefined,
  env: Env,
): string {
  const names = [...environments.keys()];
  const only = names.length === 1 ? names[0] : undefined;
  const name = option ?? (env.TIDELINE_ENVIRONMENT?.trim() || only);
  if (name === undefined) {
    const known = names.length === 0 ? "" : ` (${names.join(", ")})`;
    throw new CommandError(
      "usage",
      `Cannot plan: expected an environment${known} in --environment or TIDELINE_ENVIRONMENT, got none`,
    );
  }
  // A configuration need not list its environments; one that does means these.
  if (names.length === 0 ? isTargetName(name) : environments.has(name)) return name;
  const near = nearestWord(name, names);
  const expected =
    names.length === 0
      ? 'an environment of 1 to 64 letters, digits, ".", "_" or "-"'
      : `one of the environments of ${path} (${names.join(", ")})`;
  const hint = near === null ? "" : `; did you mean "${near}"?`;
  throw new CommandError("usage", `Cannot plan: expected ${expected}, got "${name}"${hint}`);
}

function requireFile(env: Env, variable: string, cwd: string): string {
  const path = env[variable]?.trim();
  if (path) return resolve(cwd, path);
  const option = variable === "GITHUB_OUTPUT" ? "--github-output" : "--summary";
  throw new CommandError(
    "usage",
    `Cannot use ${option}: expected a file's path in ${variable}, got none; GitHub Actions sets it`,
  );
}

/** The commit that holds what is planned; null if changes that none holds are part of it. */
async function commitOf(
  config: TidelineConfig,
  { tree, ids }: FoundInputs,
  env: Env,
  salt: string | undefined,
): Promise<string | null> {
  const { kind, commit } = tree;
  // In CI steps of the job often change the tree; what is built is the commit all the same.
  if (commit === null || kind === "commit" || isCi(env)) return commit;
  const head = await readInputTree(config.root, env, { commit });
  const committed = await fingerprintTree(config, head, env, { salt });
  return [...ids].every(([name, id]) => committed.get(name) === id) ? commit : null;
}

function liveCommits(
  deployed: ReadonlyMap<string, DeployedInputs>,
  { entries }: Plan,
): ReadonlyMap<string, string> {
  return new Map(
    entries.flatMap(({ service, action }) => {
      const commit = deployed.get(service)?.live?.gitCommit ?? "";
      const isCompared = action === "build" || action === "restore";
      return isCompared && /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(commit) ? [[service, commit]] : [];
    }),
  );
}
