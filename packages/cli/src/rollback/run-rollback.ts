import { randomUUID } from "node:crypto";
import type { DeploymentRecord } from "@tideline/version";
import { CommandError } from "../command-error.js";
import { type NamedTarget, targetOf } from "../config/target-of.js";
import { checkReason } from "../hold/hold-target.js";
import { type Ledger, openLedger } from "../ledger/open-ledger.js";
import type { GivenOptions } from "../parse-command-line.js";
import { mirrorDeployment } from "../record/mirrors/mirror-deployment.js";
import { readProbeOptions } from "../record/probe-options.js";
import { recordServed } from "../record/record-served.js";
import type { SendOptions } from "../record/send-deployment.js";
import type { Recorded, Served } from "../record/served.js";
import { servedOutcome } from "../record/served-outcome.js";
import type { Outcome, Terminal } from "../terminal.js";
import { chooseBuild, nameOf } from "./choose-build.js";
import { describeChoice } from "./describe-choice.js";
import { type HistoryRow, readHistory } from "./history.js";
import { isInPlace } from "./is-in-place.js";
import { settleRollback } from "./settle-rollback.js";
import { deployVariables, imageOf, switchBack } from "./switch-back.js";

/**
 * `tideline rollback`: chooses, announces, switches, looks, records, holds. What is live by the
 * ledger is only looked at, and switched over if something else is served.
 */
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
  const isLive = choice.chosen.buildId === choice.live.buildId;
  const [from, to] = [nameOf(choice.live), nameOf(choice.chosen)];
  const why = reason ?? (isLive ? `Kept at ${to}` : `Rolled back from ${from} to ${to}`);
  const image = imageOfChoice(target, choice.chosen);
  const plan = describeChoice(target, choice, { command, image, probes: probe.probes }, isLive);
  if (given.has("dry-run")) return plan;
  log(plan.text.replace(/^Would (go|keep)/, (_, verb) => (verb === "go" ? "Going" : "Keeping")));

  const record = recordOf(choice.chosen);
  const settle = (served: Recorded | null) =>
    settleRollback(served, choice.chosen, target, isHolding ? why : null, ledger, send);
  if (isLive && (await isInPlace(ledger, record, probe, send))) return await settle(null);
  if (probe.probes.length === 0) {
    log("Nobody looks whether it is served: without --probe the command is trusted");
  }
  if (configured?.service.image != null && image === "" && command !== null) {
    log(`No digest of its image is recorded, so TIDELINE_IMAGE is empty`);
  }
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
  const settled = await settle(served);
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
