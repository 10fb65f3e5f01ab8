/** Builds apps into their `dist` folders, as build.sh does without Docker and the Dockerfile inside. */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { isCi } from "@tideline/stamp";
import { APP_NAMES, type AppName } from "./apps.js";
import { buildApp } from "./build-app.js";
import { runScript, ScriptError } from "./script-error.js";

const DEFAULT_CONVEX_URL = "http://127.0.0.1:3210";

await runScript(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { out: { type: "string" } },
  });
  const { VITE_CONVEX_URL, CONVEX_URL, TIDELINE_ENVIRONMENT = "" } = process.env;
  if (TIDELINE_ENVIRONMENT.trim() === "" && isCi(process.env)) {
    throw new ScriptError(
      'Cannot build: in CI the environment has to be named, set TIDELINE_ENVIRONMENT to "staging", "production" or the like',
    );
  }
  for (const app of positionals) {
    if (!isApp(app)) {
      throw new ScriptError(`Cannot build "${app}": expected one of ${APP_NAMES.join(", ")}`);
    }
    const outDir = resolve(values.out ?? `apps/${app}/dist`);
    await buildApp({
      appName: app,
      root: `apps/${app}`,
      outDir,
      convexUrl: VITE_CONVEX_URL || CONVEX_URL || DEFAULT_CONVEX_URL,
      // Empty where none is named: "local" on a person's machine, and an error in CI.
      env: { TIDELINE_ENVIRONMENT },
    });
    console.log(`Built ${app} into ${outDir}`);
  }
});

function isApp(name: string): name is AppName {
  return (APP_NAMES as readonly string[]).includes(name);
}
