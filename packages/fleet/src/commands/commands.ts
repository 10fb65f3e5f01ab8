import type { AddCommand } from "./add-command.js";
import { addApply } from "./apply.js";
import { addApprove } from "./approve.js";
import { addBuild } from "./build.js";
import { addCheck } from "./check.js";
import { addDoctor } from "./doctor.js";
import { addEnrol } from "./enrol.js";
import { addGuard } from "./guard.js";
import { addInstall } from "./install.js";
import { addKeys } from "./keys.js";
import { addPin } from "./pin.js";
import { addPublish } from "./publish.js";
import { addRollback } from "./rollback.js";
import { addRollout } from "./rollout.js";
import { addStatus } from "./status.js";
import { addSupervise } from "./supervise.js";
import { addVerify } from "./verify.js";
import { addWatch } from "./watch.js";

/** Every command, in the order of the help. */
export const COMMANDS: readonly AddCommand[] = [
  addWatch,
  addGuard,
  addCheck,
  addStatus,
  addDoctor,
  addApply,
  addRollback,
  addPin,
  addApprove,
  addRollout,
  addEnrol,
  addInstall,
  addBuild,
  addPublish,
  addVerify,
  addKeys,
  addSupervise,
];
