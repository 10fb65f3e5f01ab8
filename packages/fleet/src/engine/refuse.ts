import { dirname } from "node:path";
import type { FleetTarget, ReasonCode } from "@tideline/version/fleet";
import type { SubsystemConfig } from "../config/sync-config.js";
import { readLive } from "../swap/read-live.js";
import { writeVersionFile } from "../swap/version-file.js";
import type { EngineDeps } from "./engine-deps.js";
import { readOutcomes, writeOutcome } from "./outcome.js";
import type { Plan } from "./plan.js";
import { createReporter } from "./reporter.js";
import type { UpdateOutcome } from "./update-outcome.js";

/** Says why nothing is done, to the log and, once for each release and reason, to the ledger. */
export async function refuse(
  deps: EngineDeps,
  { name, binary }: SubsystemConfig,
  plan: Extract<Plan, { action: "wait" | "refuse" }>,
  target: FleetTarget | null,
): Promise<Refused> {
  const { action, reason, detail, seq, version } = plan;
  const until = plan.action === "wait" ? plan.until : null;
  const state = action === "wait" ? "waiting" : "refused";
  const outcome = { state, reason, detail, version, seq, until } as const;
  if (seq === null || version === null || (action === "wait" && !IS_TOLD.has(reason))) {
    return outcome;
  }
  const { refused } = await readOutcomes(deps.config.state, name);
  if (refused?.seq === seq && refused.reason === reason) return outcome;
  deps.log(`${name}: ${version} is not installed: ${reason}: ${detail}`);
  const at = deps.now();
  const about = { version, seq, reason, detail };
  await writeOutcome(deps.config.state, name, { ...about, state: "refused", log: [], at });
  const live = await readLive(binary);
  const reporter = createReporter(deps.ledger, deps.log);
  reporter.tell({
    ...{ ...about, subsystem: name, state: "refused", at },
    detail: detail.slice(0, 1_000),
    generation: target?.generation ?? 0,
    runningSha256: live.state === "absent" ? null : live.sha256,
  });
  await reporter.settled();
  return outcome;
}

/** What is said of something that is not done. */
export type Refused = Extract<UpdateOutcome, { state: "waiting" | "refused" }>;

// Of what a machine waits for, only these are not the ledger's own doing and last until somebody acts:
// a ring waits for the machine meanwhile, and who looks at the fleet has to see for which, and why.
const IS_TOLD: ReadonlySet<ReasonCode> = new Set<ReasonCode>(["PINNED", "HELD_HERE", "REJECTED"]);

/** Notes that the live binary is the release's already: its bytes are, under another number. */
export async function relabel(
  deps: EngineDeps,
  { name, binary }: SubsystemConfig,
  { manifest, release }: Extract<Plan, { action: "relabel" }>,
  target: FleetTarget | null,
): Promise<UpdateOutcome> {
  const live = await readLive(binary);
  const { seq, version } = manifest;
  if (live.state === "known") {
    await deps.trust.advance(release);
    await writeVersionFile(dirname(binary), {
      ...live.version,
      commit: manifest.upstream?.oid ?? live.version.commit,
      ...{ version, seq },
    });
    const at = deps.now();
    const about = { version, seq, state: "committed", reason: null, detail: null, at } as const;
    await writeOutcome(deps.config.state, name, { ...about, log: [] });
    const reporter = createReporter(deps.ledger, deps.log);
    const generation = target?.generation ?? 0;
    reporter.tell({ ...about, subsystem: name, generation, runningSha256: live.sha256 });
    await reporter.settled();
  }
  return { state: "current", version, seq };
}
