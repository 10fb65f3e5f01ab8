import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LOCAL_ENVIRONMENT } from "./apps.js";
import { runVite } from "./run-vite.js";
import { ScriptError } from "./script-error.js";

/** The repository's folder. */
export const REPOSITORY = fileURLToPath(new URL("..", import.meta.url));

/** What to build, and into which folder. */
export interface BuildOptions {
  /** The name that it is stamped with. */
  readonly appName: string;
  /** The folder with its vite.config.ts; relative to the repository. */
  readonly root: string;
  readonly outDir: string;
  /** @default the root's vite.config.ts */
  readonly configFile?: string;
  /** Where the app's pages find the Convex functions. */
  readonly convexUrl: string;
  /** Ends the build. */
  readonly signal?: AbortSignal | undefined;
  /** More environment variables, such as TIDELINE_VERSION. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Builds an app with Vite.
 *
 * @throws {ScriptError} With Vite's own words if the build fails, or if `signal` ends it.
 */
export async function buildApp(options: BuildOptions): Promise<void> {
  const { appName, root, outDir, configFile, convexUrl, signal, env } = options;
  const failure = await runVite(
    [
      ...["build", root],
      ...(configFile === undefined ? [] : [`--config=${configFile}`]),
      ...[`--outDir=${outDir}`, "--emptyOutDir", "--logLevel=error"],
    ],
    {
      cwd: REPOSITORY,
      env: {
        ...process.env,
        VITE_CONVEX_URL: convexUrl,
        TIDELINE_APP: appName,
        TIDELINE_ENVIRONMENT: LOCAL_ENVIRONMENT,
        // Vite's own default; a test runner's would build React for development.
        NODE_ENV: "production",
        ...env,
      },
      signal,
    },
  );
  if (failure === null) return;
  throw new ScriptError(
    signal?.aborted ? `Stopped while building ${appName}` : `Cannot build ${appName}: ${failure}`,
  );
}

/** Gives the version in a folder's package.json. */
export async function packageVersion(folder: string): Promise<string> {
  const text = await readFile(join(REPOSITORY, folder, "package.json"), "utf8");
  const { version } = JSON.parse(text) as { version: string };
  return version;
}
