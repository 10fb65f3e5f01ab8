import type { AddCommand } from "./add-command.js";
import { addKeys } from "./keys.js";
import { addSupervise } from "./supervise.js";

/** Every command, in the order of the help. */
export const COMMANDS: readonly AddCommand[] = [addKeys, addSupervise];
