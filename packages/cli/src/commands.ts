/** All commands of `tideline`, in the order of the help. */
import { annotateCommand } from "./annotate/command.js";
import { bumpCommand } from "./bump/command.js";
import type { Command } from "./command.js";
import { doctorCommand } from "./doctor/command.js";
import { doctorSseCommand } from "./doctor/sse/command.js";
import { holdCommand, releaseHoldCommand } from "./hold/command.js";
import { imagesCommand } from "./images/command.js";
import { planCommand } from "./plan/command.js";
import { reconcileCommand } from "./reconcile/command.js";
import { recordCommand } from "./record/command.js";
import { releaseCommand } from "./release/command.js";
import { rollbackCommand } from "./rollback/command.js";
import { stampCommand } from "./stamp/command.js";

/** All commands by name. */
export const COMMANDS = {
  annotate: annotateCommand,
  bump: bumpCommand,
  doctor: doctorCommand,
  "doctor sse": doctorSseCommand,
  hold: holdCommand,
  images: imagesCommand,
  plan: planCommand,
  reconcile: reconcileCommand,
  record: recordCommand,
  release: releaseCommand,
  "release-hold": releaseHoldCommand,
  rollback: rollbackCommand,
  stamp: stampCommand,
} as const satisfies Readonly<Record<string, Command>>;

/** A command's name. */
export type CommandName = keyof typeof COMMANDS;
