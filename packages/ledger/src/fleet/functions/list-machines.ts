import { paginationOptsValidator, paginationResultValidator } from "convex/server";
import { v } from "convex/values";
import { query } from "../fleet-data-model.js";
import { authorizeViewer } from "../model/authorize-fleet.js";
import { checkChannel } from "../model/check-fleet-arguments.js";
import { machineView } from "../model/fleet-view.js";
import { fleetMachine } from "./fleet-machine.js";

const DOING = "list machines";
// Each has some rows of its own.
const MAX_PAGE = 200;

/**
 * Every machine, by name, page by page; of one channel, if it is given.
 *
 * @returns Pages of `FleetMachine`, at most 200 each.
 * @throws {ConvexError} FLEET_NOT_CONFIGURED, UNAUTHENTICATED, INVALID_ARGUMENT.
 */
export const listMachines = query({
  args: {
    token: v.string(),
    channel: v.optional(v.string()),
    paginationOpts: paginationOptsValidator,
  },
  returns: paginationResultValidator(fleetMachine),
  handler: async (ctx, { token, channel, paginationOpts }) => {
    authorizeViewer(DOING, token);
    if (channel !== undefined) checkChannel(DOING, channel);
    const numItems = Math.min(Math.max(1, Math.floor(paginationOpts.numItems)), MAX_PAGE);
    const machines = ctx.db.query("machines");
    const rows =
      channel === undefined
        ? machines.withIndex("by_name")
        : machines.withIndex("by_channel", (q) => q.eq("channel", channel));
    const result = await rows.paginate({ ...paginationOpts, numItems });
    const page = await Promise.all(result.page.map((machine) => machineView(ctx, machine)));
    return {
      ...result,
      page: page.map((machine) => ({ ...machine, subsystems: [...machine.subsystems] })),
    };
  },
});
