import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** Where and how Vite runs. */
export interface ViteRun {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Ends it. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs Vite in a process of its own: environment variables belong to one build, and several builds
 * can go side by side.
 *
 * @returns Null, or Vite's own words if it fails.
 */
export async function runVite(
  args: readonly string[],
  { cwd, env, signal }: ViteRun,
): Promise<string | null> {
  const child = spawn(
    process.execPath,
    // Through Node and tsx, which know the workspace's packages by their sources.
    ["--conditions=convex", "--import", "tsx", viteCommand(), ...args, "--configLoader=native"],
    { cwd, env, stdio: ["ignore", "pipe", "pipe"], ...(signal === undefined ? {} : { signal }) },
  );
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  }
  return await new Promise((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("close", (code) => resolve(code === 0 ? null : said.trim() || `exit code ${code}`));
  });
}

function viteCommand(): string {
  const manifest = createRequire(import.meta.url).resolve("vite/package.json");
  return join(dirname(manifest), "bin", "vite.js");
}
