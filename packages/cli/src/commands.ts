/** All commands of `tideline`, in the order of the help. */
import type { Command } from "./command.js";
import { recordCommand } from "./record/command.js";
import { stampCommand } from "./stamp/command.js";

/** All commands by name. */
export const COMMANDS = {
  record: recordCommand,
  stamp: stampCommand,
} as const satisfies Readonly<Record<string, Command>>;

/** A command's name. */
export type CommandName = keyof typeof COMMANDS;
