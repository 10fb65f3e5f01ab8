import type { FleetView } from "@tideline/version/fleet";
import { v } from "convex/values";
import { query } from "../fleet-data-model.js";
import { auditActionValidator, modeValidator } from "../fleet-tables.js";
import { authorizeViewer } from "../model/authorize-fleet.js";
import { fleetView } from "../model/fleet-view.js";
import type { Mutable } from "../mutable.js";
import { fleetMachine } from "./fleet-machine.js";
import { releaseFields } from "./fleet-validators.js";

const nullableText = v.union(v.string(), v.null());
const nullableNumber = v.union(v.number(), v.null());

const ring = v.object({
  name: v.string(),
  openTo: v.number(),
  state: v.union(v.literal("closed"), v.literal("open"), v.literal("passed")),
  openedAt: nullableNumber,
  machines: nullableNumber,
  started: v.number(),
  committed: v.number(),
  failed: v.number(),
  vanished: v.number(),
});

const subsystem = v.object({
  channel: v.string(),
  subsystem: v.string(),
  generation: v.number(),
  settled: v.union(v.null(), v.object(releaseFields)),
  rollout: v.union(
    v.null(),
    v.object({
      ...releaseFields,
      mode: modeValidator,
      startedAt: v.number(),
      ring: v.number(),
      rings: v.array(ring),
      nextStepAt: nullableNumber,
      note: nullableText,
    }),
  ),
  waiting: v.union(v.null(), v.object(releaseFields)),
});

const upstream = v.object({
  subsystem: v.string(),
  remote: v.string(),
  ref: v.string(),
  oid: v.string(),
  tag: nullableText,
  isQuarantined: v.boolean(),
  seenAt: v.number(),
});

const auditEntry = v.object({
  at: v.number(),
  actor: v.string(),
  action: auditActionValidator,
  channel: nullableText,
  subsystem: nullableText,
  seq: nullableNumber,
  version: nullableText,
  note: nullableText,
});

/**
 * The whole fleet for people: subsystems, rollouts, what each machine runs, what was done. Follows
 * what machines report within some two seconds, however many report at once.
 *
 * @returns A `FleetView`.
 * @throws {ConvexError} FLEET_NOT_CONFIGURED, UNAUTHENTICATED.
 */
export const watchFleet = query({
  args: { token: v.string() },
  returns: v.object({
    subsystems: v.array(subsystem),
    machines: v.array(fleetMachine),
    hasMoreMachines: v.boolean(),
    upstreams: v.array(upstream),
    audit: v.array(auditEntry),
  }),
  handler: async (ctx, { token }) => {
    authorizeViewer("watch the fleet", token);
    return (await fleetView(ctx)) as Mutable<FleetView>;
  },
});
