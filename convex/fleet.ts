import { fleetFunctions } from "@tideline/ledger";

export const {
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
} = fleetFunctions;
