/**
 * For build.sh and deploy.sh: what a build of the working tree is called, as lines `NAME=value`
 * that a shell reads without evaluating them. Warnings go to stderr.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY } from "./build-app.js";
import { findRunning } from "./local-state.js";
import { nameBuild } from "./name-build.js";
import { runScript } from "./script-error.js";
import { DEFAULT_STATE } from "./start-options.js";

await runScript(async () => {
  // Compose reads it, so what it says has to hold for the scripts too. What is set already stays.
  const file = join(REPOSITORY, ".env");
  if (existsSync(file)) process.loadEnvFile(file);
  const name = await nameBuild(REPOSITORY, process.env, Date.now());
  for (const warning of name.warnings) console.error(`Warning: ${warning}`);
  const isRunning = (await findRunning(DEFAULT_STATE)) !== null;
  console.log(`SPOT_VERSION=${name.version}`);
  console.log(`GIT_SHA=${name.commit ?? ""}`);
  console.log(`SOURCE_DATE_EPOCH=${process.env.SOURCE_DATE_EPOCH ?? name.sourceDateEpoch ?? ""}`);
  for (const passed of ["CONVEX_URL", "TIDELINE_RECORD_TOKEN"]) {
    console.log(`${passed}=${process.env[passed]?.trim() ?? ""}`);
  }
  console.log(`IS_RUNNING=${isRunning ? "yes" : "no"}`);
});
