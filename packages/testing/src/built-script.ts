import { mkdir, rename, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, defaultServerConditions } from "vite";

// In the checkout: another one's tests build theirs at the same time.
const FOLDER = fileURLToPath(new URL("../../fleet/dist/tests", import.meta.url));

const built = new Map<string, Promise<string>>();

/**
 * Bundles the script of a test's processes with the fleet that it imports, once for a test file: where
 * many of them are started, each starts in a fifth of the time that its sources take.
 *
 * @param script The path of its source; it has a name of its own among all of them.
 * @returns A module to be run with Node. Test files that run side by side put it there whole.
 */
export function builtScript(script: string): Promise<string> {
  const before = built.get(script);
  if (before !== undefined) return before;
  const building = bundle(script);
  built.set(script, building);
  return building;
}

async function bundle(script: string): Promise<string> {
  const result = await build({
    configFile: false,
    logLevel: "error",
    root: FOLDER,
    // The fleet reads its version from beside its sources otherwise.
    define: { __TIDELINE_SYNC_BUILD__: JSON.stringify({ version: "0.1.0", commit: null }) },
    ssr: { noExternal: true, resolve: { conditions: ["convex", ...defaultServerConditions] } },
    build: {
      ...{ ssr: script, write: false, target: "node20.19" },
      rolldownOptions: { output: { format: "es", codeSplitting: false } },
    },
  });
  const [output] = [result].flat();
  const [chunk] = output !== undefined && "output" in output ? output.output : [];
  if (chunk?.type !== "chunk") throw new Error(`Cannot bundle ${script}: expected a module`);
  await mkdir(FOLDER, { recursive: true });
  const path = join(FOLDER, `${basename(script, ".ts")}.mjs`);
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, chunk.code);
  await rename(temporary, path);
  return path;
}
