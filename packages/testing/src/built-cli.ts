/** `tideline` as a user has it: one bundled program, run as a real process. */
import { type ChildProcess, spawn } from "node:child_process";
import { copyFile, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, defaultServerConditions } from "vite";

const CLI = fileURLToPath(new URL("../../cli", import.meta.url));

/** The built program. */
export interface BuiltCli {
  /** To be run with Node. */
  readonly path: string;
  readonly dispose: () => Promise<void>;
}

/** Bundles the command line into a temporary folder. */
export async function buildCli(): Promise<BuiltCli> {
  const folder = await mkdtemp(join(tmpdir(), "tideline-cli-"));
  await copyFile(join(CLI, "package.json"), join(folder, "package.json"));
  await symlink(join(CLI, "../../node_modules"), join(folder, "node_modules"));
  await build({
    configFile: false,
    logLevel: "silent",
    root: join(CLI, "src"),
    ssr: { noExternal: true, resolve: { conditions: ["convex", ...defaultServerConditions] } },
    build: { ssr: "main.ts", outDir: join(folder, "dist"), emptyOutDir: true },
  });
  return {
    path: join(folder, "dist/main.js"),
    dispose: () => rm(folder, { recursive: true, force: true }),
  };
}

/** How one run ended. */
export interface CliRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where to run, and with what. */
export interface CliOptions {
  readonly cwd: string;
  /** All of it: nothing is inherited but PATH and HOME. */
  readonly env?: Readonly<Record<string, string>>;
  /** Told of the process, for signals. */
  readonly onStart?: (child: ChildProcess) => void;
}

/** Runs the program to its end. */
export async function runCli(
  { path }: BuiltCli,
  args: readonly string[],
  { cwd, env = {}, onStart }: CliOptions,
): Promise<CliRun> {
  const { PATH = "", HOME = "" } = process.env;
  const child = spawn(process.execPath, [path, ...args], {
    cwd,
    env: { PATH, HOME, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onStart?.(child);
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  return { code, stdout, stderr };
}
