import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Env } from "../../terminal.js";
import type { TakenDeployment } from "./mirror-deployment.js";

const run = promisify(execFile);
const TIMEOUT_MS = 30_000;

/**
 * Makes a release and a deploy in Sentry by `sentry-cli`, which reads its own variables. Where it
 * is not installed nothing happens.
 *
 * @throws {Error} With what `sentry-cli` said first, if it failed.
 */
export async function mirrorToSentry(
  { record, answer }: TakenDeployment,
  env: Env,
  signal: AbortSignal,
): Promise<void> {
  const release = sentryRelease(record.appName, record.version, answer.buildId);
  const commands = [
    ["releases", "new", "--finalize", release],
    ["deploys", "new", "--release", release, "--env", record.environment],
  ];
  for (const args of commands) {
    try {
      await run("sentry-cli", args, { env: { ...env }, signal, timeout: TIMEOUT_MS });
    } catch (error) {
      const { code, stderr } = error as { code?: unknown; stderr?: string };
      if (code === "ENOENT") return;
      const said = stderr?.trim().split("\n")[0] || (error as Error).message.split("\n")[0];
      throw new Error(`sentry-cli ${args.slice(0, 2).join(" ")} failed: ${said}`);
    }
  }
}

/** `app@version+build`, without what Sentry takes in no name; two builds of a version differ. */
export function sentryRelease(appName: string, version: string, buildId: string): string {
  return `${appName}@${version}+${buildId}`.replace(/[\\/\s]/g, "-").slice(0, 200);
}
