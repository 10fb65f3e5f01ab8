import { setTimeout } from "node:timers/promises";
import { shortCommit } from "@tideline/version";
import { EXIT_CODES } from "../command.js";
import { CommandError } from "../command-error.js";
import { targetOf } from "../config/target-of.js";
import { openLedger } from "../ledger/open-ledger.js";
import { GivenOptions } from "../parse-command-line.js";
import { interruptible } from "../record/interruptible.js";
import { lookOnce } from "../record/look-once.js";
import { inOwnWords } from "../record/own-words.js";
import { readProbeOptions } from "../record/probe-options.js";
import type { Sight } from "../record/published-stamp.js";
import { observationJson } from "../record/served-outcome.js";
import type { Outcome, Terminal } from "../terminal.js";
import { type Reconciled, reconcileTarget } from "./reconcile-target.js";

/** `tideline reconcile`, once or (with `--watch`) until it is stopped. */
export async function runReconcile(given: GivenOptions, terminal: Terminal): Promise<Outcome> {
  const seconds = given.number("watch", 0.1, 86_400);
  if (seconds === undefined) return await reconcileOnce(given, terminal);
  const { signal, log, print } = terminal;
  for (;;) {
    try {
      const { text, json } = await reconcileOnce(given, terminal);
      if (given.has("json")) print(JSON.stringify(json));
      else print(text);
    } catch (error) {
      // A host or a ledger that is away for a while is what a watch is there to outlast.
      if (!(error instanceof CommandError) || error.kind === "usage") throw error;
      if (error.kind === "interrupted") throw error;
      log(error.message);
    }
    await setTimeout(seconds * 1000, undefined, { signal }).catch(() => {
      throw new CommandError("interrupted", "Stopped watching");
    });
  }
}

async function reconcileOnce(given: GivenOptions, terminal: Terminal): Promise<Outcome> {
  const { cwd, signal, log } = terminal;
  const named = await withNamesServed(given, terminal);
  const target = await targetOf(named, terminal, "reconcile");
  const probe = readProbeOptions(given, target.configured?.probe ?? null);
  if (probe.probes.length === 0) {
    throw new CommandError(
      "usage",
      `Cannot reconcile ${target.name}: expected the address that serves it in --probe or in the environment's "probes" of tideline.config.json, got none`,
    );
  }
  const [url, siteUrl] = [given.text("url"), given.text("site-url")];
  const ledger = await openLedger({ url, siteUrl, env: target.env, cwd });
  const send = { timeoutMs: 60_000, signal, log };
  return describe(await reconcileTarget(ledger, target, probe, send, given.has("dry-run")), target);
}

/** What the command line leaves out, the first address says. */
async function withNamesServed(
  given: GivenOptions,
  { env, signal }: Terminal,
): Promise<GivenOptions> {
  const service = given.text("service");
  const environment = given.text("environment") ?? (env.TIDELINE_ENVIRONMENT?.trim() || undefined);
  if (service !== undefined && environment !== undefined) return given;
  const { probes, timeoutMs, look } = readProbeOptions(given, null);
  const [address] = probes;
  if (address === undefined) {
    if (service !== undefined) return given;
    throw new CommandError(
      "usage",
      "Cannot reconcile: expected a service or a --probe, got neither",
    );
  }
  const { sights } = await interruptible(`Stopped while waiting for ${address}`, () =>
    lookOnce([address], { withinMs: timeoutMs, signal, look }),
  );
  const [{ stamp, problem }] = sights as readonly [Sight];
  if (stamp === null) throw new CommandError("failed", `Cannot reconcile: ${problem}`);
  if (service === undefined && stamp.appName === "") {
    throw new CommandError(
      "usage",
      `Cannot reconcile: expected a service, or a build that names its app at ${address}`,
    );
  }
  return new GivenOptions([
    ["service", service ?? stamp.appName],
    ...(environment === undefined && stamp.environment !== null
      ? [["environment", stamp.environment] as const]
      : environment === undefined
        ? []
        : [["environment", environment] as const]),
  ]);
}

function describe(
  reconciled: Reconciled,
  { appName, environment }: { readonly appName: string; readonly environment: string },
): Outcome {
  const where = `${appName} in ${environment}`;
  const observation = observationJson(reconciled.observation);
  if (reconciled.kind === "agrees") {
    const { stamp, epoch } = reconciled;
    return {
      exitCode: EXIT_CODES.done,
      text: `The ledger says what is served for ${where}: ${stamp.version}, build ${stamp.buildId}, epoch ${epoch}`,
      json: {
        ok: true,
        state: "agrees",
        appName,
        environment,
        epoch,
        buildId: stamp.buildId,
        observation,
      },
    };
  }
  const { kind, record, answer, before } = reconciled;
  const served = `${record.version} (${shortCommit(record.gitCommit)}), build ${record.buildId}`;
  const said = before === null ? "nothing" : `${before.version}, build ${before.buildId}`;
  const json = { appName, environment, before, record, observation };
  if (answer === null) {
    return {
      exitCode: EXIT_CODES.done,
      text: `Would record ${served} for ${where}; the ledger says ${said}`,
      json: { ok: true, dryRun: true, state: kind, ...json },
    };
  }
  if (!answer.ok) {
    const message = inOwnWords(answer.message);
    return { exitCode: EXIT_CODES.refused, text: message, json: { ...answer, ...json, message } };
  }
  return {
    exitCode: EXIT_CODES.done,
    text: `Recorded what is served for ${where}: ${served}, epoch ${answer.epoch}; the ledger said ${said}`,
    json: { ...answer, state: kind, ...json },
  };
}
