import { fileURLToPath } from "node:url";
import { buildSync } from "../../../scripts/build-sync.js";

// In the checkout: another one's tests build theirs at the same time.
const FILE = fileURLToPath(new URL("../../fleet/dist/tests/tideline-sync", import.meta.url));

let built: Promise<string> | undefined;

/**
 * Builds `tideline-sync` from its sources into one file, as users have it. That takes less than to
 * load the sources twice, and the file then starts in a fifth of their time.
 *
 * @returns Its path. Test files that run side by side put the same bytes there, whole.
 */
export function builtSync(): Promise<string> {
  built ??= buildSync({ outFile: FILE }).then(({ path }) => path);
  return built;
}
