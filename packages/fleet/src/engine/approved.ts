import { join } from "node:path";
import * as v from "valibot";
import type { EngineDeps } from "./engine-deps.js";
import { readStateFile } from "./state-file.js";

/**
 * Which releases of a subsystem somebody has let go, by `seq`. With a ledger, that one asks for
 * approval itself, before a rollout begins, so that nobody is asked twice.
 */
export async function readApproved(
  { config, ledger }: Pick<EngineDeps, "config" | "ledger">,
  subsystem: string,
): Promise<ReadonlySet<number> | "ledger"> {
  if (ledger.kind === "convex") return "ledger";
  const path = join(config.state, "approvals.json");
  const approvals = await readStateFile({ path, schema: SCHEMA, empty: {} });
  return new Set(Object.hasOwn(approvals, subsystem) ? approvals[subsystem] : []);
}

const SCHEMA = v.record(v.string(), v.array(v.number()));
