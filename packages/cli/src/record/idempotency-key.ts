import { createHash, randomUUID } from "node:crypto";
import { detectCi } from "@tideline/stamp";
import type { DeploymentRecord } from "@tideline/version";
import type { Env } from "../terminal.js";

/**
 * Gives the key under which the ledger takes a record once. In CI it names this attempt of this
 * job, so that a step that is run again by itself records nothing twice, while a job that somebody
 * starts again is a new record. Elsewhere every invocation has its own.
 */
export function idempotencyKey(
  env: Env,
  { appName, environment, buildId, version }: DeploymentRecord,
): string {
  const run = detectCi(env)?.runKey ?? null;
  if (run === null) return randomUUID();
  const subject = JSON.stringify([run, appName, environment, buildId ?? version]);
  // Hashed, because the parts together may be longer than a key may be.
  const digest = createHash("sha256").update(subject).digest("hex").slice(0, 32);
  return `${run.split(":", 1)[0]}:${digest}`;
}
