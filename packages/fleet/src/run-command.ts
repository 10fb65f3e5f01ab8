import { Command } from "commander";
import { COMMANDS } from "./commands/commands.js";

/** Runs `tideline-sync` with the process' own terminal, and sets its exit code. */
export async function runCommand(args: readonly string[]): Promise<void> {
  const program = new Command("tideline-sync").description(
    "Keeps the binaries on this machine up to date, one subsystem at a time",
  );
  for (const addTo of COMMANDS) addTo(program);
  await program.parseAsync(args, { from: "user" });
}
