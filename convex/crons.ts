import { cronJobs } from "convex/server";
import { internal } from "./_generated/api.js";

const crons = cronJobs();

/** At a quiet hour for most; nothing in it is urgent. */
crons.daily("clean up the fleet", { hourUTC: 3, minuteUTC: 17 }, internal.fleet.cleanUpFleet, {});

export default crons;
