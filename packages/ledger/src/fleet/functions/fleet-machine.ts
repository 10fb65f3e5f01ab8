import { v } from "convex/values";
import { newestAttemptValidator } from "../fleet-tables.js";

/** A `FleetMachine`. */
export const fleetMachine = v.object({
  machineId: v.string(),
  name: v.string(),
  channel: v.string(),
  platform: v.string(),
  enrolledAt: v.number(),
  lastSeenAt: v.union(v.number(), v.null()),
  subsystems: v.array(
    v.object({
      subsystem: v.string(),
      version: v.union(v.string(), v.null()),
      seq: v.union(v.number(), v.null()),
      sha256: v.union(v.string(), v.null()),
      since: v.number(),
      isOutlier: v.boolean(),
      attempt: newestAttemptValidator,
    }),
  ),
});
