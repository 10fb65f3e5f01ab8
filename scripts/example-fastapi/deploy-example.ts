import { REPOSITORY } from "../build-app.js";
import { nameBuild } from "../name-build.js";
import { ScriptError } from "../script-error.js";
import type { ExampleOptions } from "./example-options.js";
import { findExample, writeVersion } from "./example-state.js";
import { recordExample } from "./record-example.js";
import { DEPLOY_SIGNAL } from "./run-example.js";

/**
 * Has the running example's page started again under the name that it has now, and records that.
 *
 * @throws {ScriptError} If the example does not run, or the version is not recorded.
 */
export async function deployExample(
  { data, further }: ExampleOptions,
  stopped: AbortSignal,
): Promise<void> {
  const example = await findExample(data);
  if (example === null) {
    throw new ScriptError(
      "Cannot deploy the example: it does not run here; run ./examples/fastapi/run.sh in another terminal first",
    );
  }
  const { version, warnings } = await nameBuild(REPOSITORY, process.env, Date.now());
  for (const warning of warnings) console.error(`Warning: ${warning}`);
  console.log(`Version: ${version}`);
  await writeVersion(data, version);
  process.kill(example.pid, DEPLOY_SIGNAL);
  await recordExample({ ...example, version, warnings }, further, stopped);
}
