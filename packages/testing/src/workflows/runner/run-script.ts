import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";

/** How a script is run. */
export interface ScriptOptions {
  /** What the workflow names; null if it names none. */
  readonly shell: "bash" | null;
  readonly cwd: string;
  /** All of it: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** Where the script is written to. */
  readonly file: string;
}

/** Runs a `run` block as GitHub's runner does, and gives what it printed, in order. */
export async function runScript(
  script: string,
  { shell, cwd, env, file }: ScriptOptions,
): Promise<{ readonly code: number; readonly log: string }> {
  await writeFile(file, script);
  // The runner's own two ways: with and without `shell: bash` in the workflow.
  const args = shell === null ? ["-e", file] : ["--noprofile", "--norc", "-eo", "pipefail", file];
  const child = spawn("bash", args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      log += text;
    });
  }
  const code = await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (exitCode) => resolve(exitCode ?? 1));
  });
  return { code, log };
}
