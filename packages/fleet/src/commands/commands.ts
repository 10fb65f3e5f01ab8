import type { AddCommand } from "./add-command.js";
import { addKeys } from "./keys.js";
import { addPublish } from "./publish.js";
import { addSupervise } from "./supervise.js";
import { addVerify } from "./verify.js";

/** Every command, in the order of the help. */
export const COMMANDS: readonly AddCommand[] = [addKeys, addPublish, addSupervise, addVerify];
