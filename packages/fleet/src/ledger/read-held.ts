/** Which release of a subsystem a person's word on this machine is about. */
import type { FleetTarget, ReasonCode } from "@tideline/version/fleet";
import { type DecideDeps, decide } from "../engine/decide.js";
import { subsystemOf } from "../engine/engine-deps.js";
import { readOutcomes } from "../engine/outcome.js";
import type { Plan } from "../engine/plan.js";
import { readHeard } from "./heard-targets.js";
import { openLocalLedger } from "./local-ledger.js";
import { readMachine } from "./machine-file.js";
import { firstTargets, type OpenLedgerOptions, openLedger } from "./open-ledger.js";

// Somebody sits before it.
const LEDGER_WITHIN_MS = 5_000;

/**
 * Finds the release that this machine's own plan is about: the one that it holds back, or for "reject"
 * also one that it would install. Never a newer one that nobody has been asked about yet.
 *
 * The ledger is asked where there is a token to read it; else what was heard of it last counts.
 *
 * @returns Null if nothing waits for a person here.
 */
export async function readHeld(
  options: OpenLedgerOptions,
  name: string,
  decision: "approve" | "reject",
): Promise<{ readonly seq: number; readonly version: string } | null> {
  const { config, trust, now } = options;
  const subsystem = subsystemOf(config, name);
  const machine = await readMachine(config.state);
  const releaseOf = async ({ kind, targets }: Source) => {
    const deps: DecideDeps = { config, machine, trust, now, ledger: { kind } };
    const target = targets.find((one) => one.subsystem === name) ?? null;
    // What is held back is so for whoever replaces a drifted binary, too.
    const { plan } = await decide(deps, subsystem, target, { replaces: true });
    const isMeant = decision === "approve" ? isHeld(plan, config.ledger !== null) : isAhead(plan);
    const { seq, version } = plan;
    return isMeant && seq !== null && version !== null ? { seq, version } : null;
  };
  const known = await openLocalLedger({ ...options, host: null, reports: null, isReadOnly: true });
  const local = await releaseOf({ kind: "local", targets: known.targets() ?? [] });
  if (config.ledger === null) return local;
  // Beside a ledger it only counts for whom `apply --without-ledger` has told to come here with it.
  const { refused } = await readOutcomes(config.state, name);
  if (local !== null && refused?.seq === local.seq) return local;
  return await releaseOf({ kind: "heard", targets: await targetsOf(options, config.ledger.url) });
}

interface Source {
  readonly kind: DecideDeps["ledger"]["kind"];
  readonly targets: readonly FleetTarget[];
}

/** A release of the ledger that waits for approval there is not this machine's to let go. */
function isHeld(plan: Plan, hasLedger: boolean): boolean {
  if (plan.action !== "wait") return false;
  const own: ReasonCode = hasLedger ? "HELD_HERE" : "WAITING_FOR_APPROVAL";
  return plan.reason === own || plan.reason === "REJECTED";
}

function isAhead({ action }: Plan): boolean {
  return action === "install" || action === "wait";
}

async function targetsOf(options: OpenLedgerOptions, url: string): Promise<readonly FleetTarget[]> {
  const { config, env, signal, log } = options;
  if (env.TIDELINE_FLEET_READ_TOKEN) {
    try {
      const { ledger } = await openLedger({ ...options, isReadOnly: true });
      try {
        if (ledger.kind === "convex") {
          const targets = await firstTargets(ledger, LEDGER_WITHIN_MS, signal);
          if (targets !== null) return targets;
          log("The ledger does not answer; going by what it named last");
        }
      } finally {
        await ledger.close();
      }
    } catch (error) {
      signal.throwIfAborted();
      const why = error instanceof Error ? error.message : String(error);
      log(`${why}; going by what the ledger named last`);
    }
  }
  // With its rings, as they were: what was held back of them still is.
  return (await readHeard(config.state, { url, channel: config.machine.channel }))?.targets ?? [];
}
