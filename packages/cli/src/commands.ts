/** All commands of `tideline`, in the order of the help. */
import { bumpCommand } from "./bump/command.js";
import type { Command } from "./command.js";
import { imagesCommand } from "./images/command.js";
import { recordCommand } from "./record/command.js";
import { releaseCommand } from "./release/command.js";
import { stampCommand } from "./stamp/command.js";

/** All commands by name. */
export const COMMANDS = {
  bump: bumpCommand,
  images: imagesCommand,
  record: recordCommand,
  release: releaseCommand,
  stamp: stampCommand,
} as const satisfies Readonly<Record<string, Command>>;

/** A command's name. */
export type CommandName = keyof typeof COMMANDS;
