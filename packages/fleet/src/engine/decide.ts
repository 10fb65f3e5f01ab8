import { bucketOf, type FleetTarget, type PlatformKey, platformKey } from "@tideline/version/fleet";
import { platformHere } from "../artifact/platform-here.js";
import type { SubsystemConfig } from "../config/sync-config.js";
import { readLive } from "../swap/read-live.js";
import { SYNC_VERSION } from "../sync-version.js";
import { verifyRelease } from "../trust/verify-release.js";
import { ledgerAsks, readApproved, readRejected } from "./approved.js";
import { readAttempts } from "./attempts.js";
import { readDenied } from "./denied.js";
import type { EngineDeps } from "./engine-deps.js";
import { readPins } from "./pins.js";
import { type Plan, type PlanFacts, plan } from "./plan.js";

/** How a decision is asked for. */
export interface DecideOptions {
  /** See {@link PlanFacts.isUrgent}. @default false */
  readonly isUrgent?: boolean;
  /** See {@link PlanFacts.isAsked}. @default false */
  readonly isAsked?: boolean;
  /** See {@link PlanFacts.replaces}. @default false */
  readonly replaces?: boolean;
  /** False as the last look of an attempt that is counted already. @default true */
  readonly countsAttempts?: boolean;
}

/** What a decision needs of the engine's world: no supervisor, and no network. */
export interface DecideDeps extends Pick<EngineDeps, "config" | "machine" | "trust" | "now"> {
  readonly ledger: Pick<EngineDeps["ledger"], "kind">;
}

/** Decides about a subsystem with what is on this machine now. Writes nothing and asks nobody. */
export async function decide(
  deps: DecideDeps,
  subsystem: SubsystemConfig,
  target: FleetTarget | null,
  options: DecideOptions = {},
): Promise<{ readonly plan: Plan; readonly facts: PlanFacts }> {
  const { config, trust } = deps;
  const { name } = subsystem;
  const now = deps.now();
  const [live, pins, denied, attempts, approved, rejected, place] = await Promise.all([
    readLive(subsystem.binary),
    readPins(config.state),
    readDenied(config.state),
    readAttempts(config.state),
    readApproved(deps, name),
    readRejected(deps, name),
    placeOf(deps, name, target),
  ]);
  const facts: PlanFacts = {
    ledgerAsks: ledgerAsks(deps.ledger),
    hasLedger: config.ledger !== null,
    ...{ subsystem, target, live, place, denied, approved, rejected, now },
    pin: (Object.hasOwn(pins, name) && pins[name]) || null,
    tries: options.countsAttempts === false ? [] : (attempts[name] ?? []),
    platform: platform(),
    syncVersion: SYNC_VERSION,
    isUrgent: options.isUrgent ?? false,
    isAsked: options.isAsked ?? false,
    replaces: options.replaces ?? false,
    verify: (release, expected) =>
      verifyRelease(release, { ...config.trust, now, state: trust.state, expected }),
  };
  return { plan: plan(facts), facts };
}

/** Asked once: Node's report, which names the C library, takes ten milliseconds. */
function platform(): PlatformKey {
  known ??= platformKey(platformHere());
  return known;
}

let known: PlatformKey | undefined;

async function placeOf(
  { machine }: DecideDeps,
  subsystem: string,
  target: FleetTarget | null,
): Promise<PlanFacts["place"]> {
  const rollout = target?.rollout ?? null;
  if (machine === null || rollout === null) return null;
  const { machineId, enrolledAt } = machine;
  return { machineId, enrolledAt, bucket: await bucketOf(machineId, subsystem, rollout.version) };
}
