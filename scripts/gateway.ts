/** The command `tideline-gateway` from this checkout's own sources. */
import { runCommand } from "@tideline/gateway/command";

await runCommand(process.argv.slice(2));
