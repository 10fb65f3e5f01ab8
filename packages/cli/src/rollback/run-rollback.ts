import { randomUUID } from "node:crypto";
import type { DeploymentRecord } from "@tideline/version";
import { EXIT_CODES } from "../command.js";
import { CommandError } from "../command-error.js";
import { type NamedTarget, targetOf } from "../config/target-of.js";
import { checkReason, holdTarget } from "../hold/hold-target.js";
import { type Ledger, openLedger } from "../ledger/open-ledger.js";
import type { GivenOptions } from "../parse-command-line.js";
import { mirrorDeployment } from "../record/mirrors/mirror-deployment.js";
import { readProbeOptions } from "../record/probe-options.js";
import { recordServed } from "../record/record-served.js";
import type { SendOptions } from "../record/send-deployment.js";
import type { Recorded, Served } from "../record/served.js";
import { servedOutcome } from "../record/served-outcome.js";
import type { Outcome, Terminal } from "../terminal.js";
import { type Choice, chooseBuild, nameOf } from "./choose-build.js";
import { type HistoryRow, readHistory } from "./history.js";
import { deployVariables, imageOf, switchBack } from "./switch-back.js";

/** `tideline rollback`: chooses, announces, switches, looks, records, holds. */
export async function runRollback(given: GivenOptions, terminal: Terminal): Promise<Outcome> {
  const target = await targetOf(given, terminal, "roll back");
  const { appName, environment, configured } = target;
  const doing = `roll back ${appName} in ${environment}`;
  const command = chooseCommand(given, target, doing);
  const probe = readProbeOptions(given, configured?.probe ?? null);
  const isHolding = !given.has("no-hold");
  const reason = given.text("reason");
  if (reason !== undefined) checkReason(doing, reason);

  const { cwd, signal, log } = terminal;
  const [url, siteUrl] = [given.text("url"), given.text("site-url")];
  const ledger = await openLedger({ url, siteUrl, env: target.env, cwd });
  checkMayHold(ledger, isHolding, doing);
  const send: SendOptions = { timeoutMs: 60_000, signal, log };
  const history = await readHistory(ledger, target, send);
  const choice = chooseBuild(history, given.text("to") ?? null, target);
  const why = reason ?? `Rolled back from ${nameOf(choice.live)} to ${nameOf(choice.chosen)}`;
  const image = imageOfChoice(target, choice.chosen);
  const plan = describeChoice(target, choice, { command, image, probes: probe.probes });
  if (given.has("dry-run")) return plan;
  log(plan.text.replace(/^Would go/, "Going"));

  const isLive = choice.chosen.buildId === choice.live.buildId;
  if (isLive) return await settle(null, choice, target, isHolding ? why : null, ledger, send);
  if (probe.probes.length === 0) {
    log("Nobody looks whether it is served: without --probe the command is trusted");
  }
  if (configured?.service.image != null && image === "" && command !== null) {
    log(`No digest of its image is recorded, so TIDELINE_IMAGE is empty`);
  }
  const record = recordOf(choice.chosen);
  let isSwitched = command === null;
  const switchOver = async () => {
    if (command === null) return;
    const root = configured?.config.root ?? cwd;
    const env = { ...target.env, ...deployVariables(target.name, choice.chosen, image) };
    await switchBack(command, doing, { cwd: root, env, log, signal });
    isSwitched = true;
  };
  let served: Served;
  try {
    served = await recordServed(ledger, record, probe, send, switchOver);
  } catch (error) {
    if (isSwitched) {
      log('It may be switched and is not recorded: once it is served, run "tideline reconcile"');
    }
    throw error;
  }
  if (served.kind !== "recorded" || !served.isWanted) {
    if (served.kind === "refused" && isSwitched) {
      log('It is switched and not recorded: once that is mended, run "tideline reconcile"');
    }
    return servedOutcome(served, record);
  }
  const { answer } = served;
  const wantsGitHub = given.has("github-deployment");
  const settled = await settle(served, choice, target, isHolding ? why : null, ledger, send);
  await mirrorDeployment({ answer, record, probes: probe.probes, wantsGitHub }, terminal);
  return settled;
}

function chooseCommand(
  given: GivenOptions,
  { configured }: NamedTarget,
  doing: string,
): string | null {
  if (given.has("switched")) return null;
  const command = configured?.environment?.deploy ?? null;
  if (command !== null || given.has("dry-run")) return command;
  throw new CommandError(
    "usage",
    `Cannot ${doing}: expected the environment's "deploy" command in tideline.config.json, or --switched if it is switched already`,
  );
}

/** Said before anything is switched, because afterwards it would be half done. */
function checkMayHold({ identity, functionsUrl }: Ledger, isHolding: boolean, doing: string): void {
  if (!isHolding) return;
  if (identity === "github") {
    throw new CommandError(
      "usage",
      `Cannot ${doing} and hold it: GitHub's identity may record and not hold, set TIDELINE_RECORD_TOKEN or use --no-hold`,
    );
  }
  if (functionsUrl === null) {
    throw new CommandError(
      "usage",
      `Cannot ${doing}: the address of the functions is not known, set CONVEX_URL or use --url`,
    );
  }
}

function imageOfChoice({ configured }: NamedTarget, row: HistoryRow): string {
  return configured === null ? "" : imageOf(configured.config, configured.service, row);
}

function describeChoice(
  { appName, environment }: NamedTarget,
  { live, chosen }: Choice,
  plan: {
    readonly command: string | null;
    readonly image: string;
    readonly probes: readonly string[];
  },
): Outcome {
  const lines = [
    `Would go back with ${appName} in ${environment}`,
    `  from ${nameOf(live)}, build ${live.buildId}, epoch ${live.epoch}`,
    `  to   ${nameOf(chosen)}, build ${chosen.buildId}, last deployed ${new Date(chosen.deployedAt).toISOString()}`,
    ...(plan.image === "" ? [] : [`  image ${plan.image}`]),
    ...(plan.command === null ? [] : [`  by   ${plan.command}`]),
  ];
  return {
    exitCode: EXIT_CODES.done,
    text: lines.join("\n"),
    json: { ok: true, dryRun: true, appName, environment, from: live, to: chosen, ...plan },
  };
}

function recordOf(row: HistoryRow): DeploymentRecord & { readonly idempotencyKey: string } {
  const { appName, environment, version, gitCommit, buildNumber, buildTime, buildId } = row;
  return {
    ...{ appName, environment, version, gitCommit, buildNumber, buildTime, buildId },
    gitTag: row.gitTag ?? null,
    ...(row.commitTime !== undefined && { commitTime: row.commitTime }),
    ...(row.inputsId !== undefined && { inputsId: row.inputsId }),
    ...(row.imageDigest !== undefined && { imageDigest: row.imageDigest }),
    allowRollback: true,
    // Not the CI job's: the same job may have deployed this very build before.
    idempotencyKey: randomUUID(),
  };
}

/** Holds the target, if it is to be held, and says what was done. */
async function settle(
  served: Recorded | null,
  { chosen }: Choice,
  { name, appName, environment }: NamedTarget,
  holdReason: string | null,
  ledger: Ledger,
  send: SendOptions,
): Promise<Outcome> {
  const what = `${appName} in ${environment} to ${nameOf(chosen)}`;
  const done =
    served === null
      ? `Nothing to roll back, ${nameOf(chosen)} is live in ${environment}`
      : `Rolled back ${what}: build ${served.answer.buildId}, epoch ${served.answer.epoch}`;
  const release = `tideline release-hold ${name} --environment ${environment}`;
  const recorded = served === null ? null : servedOutcome(served, recordOf(chosen)).json;
  const json = { ok: true, appName, environment, ...recorded, to: chosen };
  if (holdReason === null) {
    return {
      exitCode: EXIT_CODES.done,
      text: `${done}; it is not held`,
      json: { ...json, hold: null },
    };
  }
  try {
    const answer = await holdTarget(ledger, { appName, environment }, holdReason, send);
    if (!answer.ok) throw new CommandError("refused", answer.message, { code: answer.code });
    const text = `${done}; held until "${release}"`;
    return { exitCode: EXIT_CODES.done, text, json: { ...json, hold: answer.hold } };
  } catch (error) {
    send.log(
      `${done}, but it is not held, so the next deployment replaces it; hold it with "tideline hold ${name} --environment ${environment} --reason …"`,
    );
    throw error;
  }
}
