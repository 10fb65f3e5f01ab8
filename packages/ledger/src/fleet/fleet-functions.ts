/** All functions of the fleet, for an app to export from its `convex/fleet.ts`. */
import { advanceRollouts } from "./functions/advance-rollouts.js";
import { changeRollout } from "./functions/change-rollout.js";
import { cleanUpFleet } from "./functions/clean-up-fleet.js";
import { decideApproval } from "./functions/decide-approval.js";
import { enrolMachine } from "./functions/enrol-machine.js";
import { forgetMachine } from "./functions/forget-machine.js";
import { listMachines } from "./functions/list-machines.js";
import { planRollout } from "./functions/plan-rollout.js";
import { publishRelease } from "./functions/publish-release.js";
import { receiveDelivery } from "./functions/receive-delivery.js";
import { removeMachine } from "./functions/remove-machine.js";
import { reportAttempts } from "./functions/report-attempts.js";
import { reportPresence } from "./functions/report-presence.js";
import { reportUpstream } from "./functions/report-upstream.js";
import { watchFleet } from "./functions/watch-fleet.js";
import { watchHints } from "./functions/watch-hints.js";
import { watchTargets } from "./functions/watch-targets.js";

/**
 * The fleet's functions by name. Together in one object, so that an app which exports everything of
 * the ledger for its deployments has them only where it wants them.
 *
 * @example
 * // convex/fleet.ts: machines look for the functions under this name
 * export const { enrolMachine, watchTargets, … } = fleetFunctions;
 */
export const fleetFunctions = {
  advanceRollouts,
  changeRollout,
  cleanUpFleet,
  decideApproval,
  enrolMachine,
  forgetMachine,
  listMachines,
  planRollout,
  publishRelease,
  receiveDelivery,
  removeMachine,
  reportAttempts,
  reportPresence,
  reportUpstream,
  watchFleet,
  watchHints,
  watchTargets,
};
