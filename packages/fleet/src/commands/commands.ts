import type { AddCommand } from "./add-command.js";
import { addApprove } from "./approve.js";
import { addCheck } from "./check.js";
import { addEnrol } from "./enrol.js";
import { addKeys } from "./keys.js";
import { addPublish } from "./publish.js";
import { addStatus } from "./status.js";
import { addSupervise } from "./supervise.js";
import { addVerify } from "./verify.js";
import { addWatch } from "./watch.js";

/** Every command, in the order of the help. */
export const COMMANDS: readonly AddCommand[] = [
  addWatch,
  addCheck,
  addStatus,
  addApprove,
  addEnrol,
  addPublish,
  addVerify,
  addKeys,
  addSupervise,
];
