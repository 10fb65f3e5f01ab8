/** Validators that several of the fleet's functions share. */
import type { FleetRefusalCode } from "@tideline/version/fleet";
import { v } from "convex/values";
import { modeValidator, updateClassValidator } from "../fleet-tables.js";

const CODES = [
  ...(["SEQ_NOT_NEWER", "SEQ_TAKEN", "REVERTS_UNKNOWN", "REVERTS_OTHER_BYTES"] as const),
  ...(["MANIFEST_EXPIRED", "NOT_FOUND", "NOT_POSSIBLE_NOW"] as const),
] satisfies FleetRefusalCode[];

/** A `FleetAnswer`. */
export const fleetAnswer = v.union(
  v.object({
    ok: v.literal(true),
    mode: v.union(modeValidator, v.literal("rejected"), v.literal("superseded")),
    generation: v.number(),
  }),
  v.object({
    ok: v.literal(false),
    code: v.union(...CODES.map((code) => v.literal(code))),
    message: v.string(),
  }),
);

/** A `SignedCall`. */
export const signedCall = {
  machineId: v.string(),
  counter: v.number(),
  body: v.string(),
  signature: v.string(),
};

/** A `MachineAnswer`. */
export const machineAnswer = v.union(
  v.object({ ok: v.literal(true) }),
  v.object({
    ok: v.literal(false),
    code: v.union(v.literal("COUNTER_TOO_LOW"), v.literal("TOO_MANY_REPORTS")),
    message: v.string(),
    counter: v.number(),
  }),
);

/** A `FleetRelease`. */
export const releaseFields = {
  seq: v.number(),
  version: v.string(),
  updateClass: updateClassValidator,
  isCritical: v.boolean(),
  reverts: v.union(v.number(), v.null()),
  publishedAt: v.number(),
};
