/** The command `tideline-sync` from this checkout's own sources. */
import { runCommand } from "@tideline/fleet/command";

await runCommand(process.argv.slice(2));
