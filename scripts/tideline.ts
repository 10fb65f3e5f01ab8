/** `npm run tideline`: the command line from this checkout's own sources. */
import { runHere } from "@tideline/cli";

await runHere(process.argv.slice(2));
