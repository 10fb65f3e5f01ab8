import type { Command } from "commander";

/** Adds one command to the program. */
export type AddCommand = (program: Command) => void;

/** Every command, in the order of the help. */
export const COMMANDS: readonly AddCommand[] = [];
