import { spawn } from "node:child_process";
import { isExpression, type Workflow } from "../official-parser/workflow.js";

/**
 * Says what shellcheck has against the `run` blocks of a workflow.
 *
 * @param path shellcheck's own.
 */
export async function shellcheckWorkflow(path: string, workflow: Workflow): Promise<string[]> {
  const complaints: string[] = [];
  for (const job of workflow.jobs) {
    for (const [index, { source }] of job.steps.entries()) {
      const { run, name } = source;
      if (run === undefined) continue;
      const where = `${workflow.name}: ${job.id}: ${typeof name === "string" ? name : `step ${index + 1}`}`;
      if (typeof run !== "string") {
        // What an expression puts into a script is no shell that could be checked.
        complaints.push(
          `${where}: expected a script without expressions, got one with ${isExpression(run) ? run["{{ }}"] : "another value"}`,
        );
      } else {
        complaints.push(...(await shellcheck(path, run)).map((line) => `${where}: ${line}`));
      }
    }
  }
  return complaints;
}

/** Says what shellcheck has against a script as a runner starts it. */
export async function shellcheck(path: string, script: string): Promise<string[]> {
  const args = ["--shell=bash", "--norc", "--format=gcc", "-"];
  const child = spawn(path, args, { stdio: ["pipe", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  // A runner adds these: `bash --noprofile --norc -eo pipefail`.
  child.stdin.end(`set -eo pipefail\n${script}`);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const lines = output.split("\n").filter((line) => line !== "");
  if (code === 0 || lines.length > 0) return lines;
  throw new Error(`Cannot check a script: shellcheck ended with ${code} and said nothing`);
}
