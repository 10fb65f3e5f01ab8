/** A developer machine's half of a look: what upstream has, and a release of it if it is new. */
import { FLEET_FUNCTIONS } from "@tideline/version/fleet";
import type { Env } from "../commands/terminal.js";
import type { SubsystemConfig } from "../config/sync-config.js";
import type { SubsystemCheck } from "../detect/check-subsystem.js";
import { checkUpstreams } from "../detect/check-upstreams.js";
import { type DetectWorld, githubToken } from "../detect/detect-world.js";
import { type UpstreamWord, wordOfAlarm } from "../detect/upstream-word.js";
import { type EngineDeps, subsystemOf } from "../engine/engine-deps.js";
import { askLedger } from "../ledger/ask-ledger.js";
import { buildAndPublish } from "../publish/build-and-publish.js";
import { openPublisher } from "../publish/open-publisher.js";
import { SyncError } from "../sync-error.js";
import type { Developed } from "./looks.js";

/** What it works with. */
export interface DevelopOptions {
  readonly engine: EngineDeps;
  readonly env: Env;
  readonly cwd: string;
}

/**
 * Looks at the upstream of one subsystem; what is new there is built, tested, published and installed
 * here. Nothing of any other subsystem is touched.
 *
 * @throws {SyncError} With why it came to nothing.
 */
export async function develop(
  name: string,
  { engine, env, cwd }: DevelopOptions,
  signal: AbortSignal,
): Promise<Developed> {
  const { config, fetch, now, log, ledger, trust } = engine;
  const subsystem = subsystemOf(config, name);
  if (subsystem.upstream === null) return NOTHING;
  const world: DetectWorld = { fetch, now, signal, log, tokenFor: githubToken(env) };
  const { checks, failures } = await checkUpstreams(config, { only: [name] }, world);
  if (failures[0] !== undefined) throw failures[0].error;
  const [check] = checks;
  if (check === undefined) return NOTHING;
  await reportUpstream(check, engine, env, signal);
  if (!check.isAvailable || check.latest === null) return whenElse(check, subsystem, now());
  const { latest } = check;
  const publisher = await openPublisher({
    ...{ config, subsystem: name, env, trust, fetch, now, log, signal },
    keys: { keyFiles: [], keysetFile: null, cwd },
    // A local ledger is told as well: what is published here is this machine's own newest.
    ledger,
  });
  const { publication, isBuilt, update } = await buildAndPublish(subsystem, latest, {
    ...{ config, publisher, engine, env, log, signal },
  });
  const { version, seq, page } = publication;
  const how = isBuilt ? "built and published" : "was published before";
  const here = update === null ? "" : `; here: ${update.state}`;
  return { message: `${version} (release ${seq}) ${how}: ${page ?? ""}${here}`, until: null };
}

const NOTHING: Developed = { message: null, until: null };

/** Nothing is to be built: since when that may change, or why a person has to look. */
function whenElse(check: SubsystemCheck, subsystem: SubsystemConfig, now: number): Developed {
  const { state, reason, detail } = check;
  if (reason === "TOO_YOUNG") {
    return { message: detail, until: oldEnoughAt(check, subsystem, now) };
  }
  if (reason !== null && (state === "waiting" || state === "quarantined")) {
    throw new SyncError(reason, `Cannot build ${subsystem.name}: ${detail ?? reason}`);
  }
  return { message: detail, until: null };
}

/** When the newest that is too young is old enough; ms since epoch. */
function oldEnoughAt(
  { latest, memory }: SubsystemCheck,
  { minimumAgeMs }: SubsystemConfig,
  now: number,
): number {
  const tag = latest?.tag ?? "";
  const tip = memory.tips.find(({ oid }) => oid === latest?.commit);
  const at = memory.releases[tag]?.publishedAt ?? memory.tags[tag]?.seenAt ?? tip?.seenAt ?? now;
  // Never sooner than in a minute: what is said to be due and is not would be asked for in a circle.
  return Math.max(Math.min(at, now) + minimumAgeMs, now + 60_000);
}

/** Tells the fleet what was seen upstream; a machine that may not say so says nothing. */
async function reportUpstream(
  check: SubsystemCheck,
  { config, fetch, log }: EngineDeps,
  env: Env,
  signal: AbortSignal,
): Promise<void> {
  const token = env.TIDELINE_FLEET_TOKEN;
  if (config.ledger === null || !token) return;
  const word = wordOf(check);
  if (word === null) return;
  const { name } = check;
  const isQuarantined = check.state === "quarantined";
  const { url } = config.ledger;
  const doing = "tell what was seen upstream";
  const ask = { url, doing, token: "TIDELINE_FLEET_TOKEN", fetch, signal } as const;
  try {
    const args = { token, subsystem: name, ...word, isQuarantined };
    await askLedger("mutation", FLEET_FUNCTIONS.reportUpstream, args, ask);
  } catch (error) {
    // It serves people who look at the fleet; building does not wait for it.
    log(`${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function wordOf({ latest, upstream, memory }: SubsystemCheck): UpstreamWord | null {
  const [alarm] = memory.alarms;
  if (alarm !== undefined) return wordOfAlarm(alarm);
  // What the configuration says itself was seen at no remote.
  if (latest === null || latest.remote === null) return null;
  const { remote, commit: oid, tag } = latest;
  const ref = tag === null ? `refs/heads/${upstream.branch}` : `refs/tags/${tag}`;
  return { remote, ref, oid, tag };
}
