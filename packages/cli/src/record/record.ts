import {
  type AnnounceAnswer,
  FUNCTION_NAMES,
  type RecordAnswer,
  type RefusalCode,
} from "@tideline/version";
import { CommandError } from "../command-error.js";
import { callLedger } from "../ledger/call-ledger.js";
import { convexUrl } from "../ledger/convex-url.js";
import { findRecordToken } from "../ledger/record-token.js";
import type { DeploymentOptions } from "./deployment-options.js";
import { type PreparedDeployment, prepare } from "./prepare.js";

/** The ledger's answer to the end of an announcement. */
export type AbortAnswer =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: RefusalCode; readonly message: string };

/**
 * Records that a build is live now. Reads `version.json`, so call it after the new pages are
 * served.
 *
 * Network failures and overload are tried again under one idempotency key, so a lost answer never
 * becomes a second record.
 *
 * @returns The ledger's answer. A refusal by policy is an answer: `{ ok: false, code, message }`.
 * @throws {CommandError} Everything else, in one sentence; `kind` says whose fault it is.
 *
 * @example
 * const answer = await record({ dist: "apps/web/dist", environment: "production" });
 */
export async function record(options: DeploymentOptions = {}): Promise<RecordAnswer> {
  return await send<RecordAnswer>("record", options, ({ record }) => ({ ...record }));
}

/**
 * Says that a build is on its way, before its pages are served: a tab that gets the new page before
 * the record says nothing.
 *
 * @throws {CommandError} As `record` does.
 */
export async function announce(options: DeploymentOptions = {}): Promise<AnnounceAnswer> {
  return await send<AnnounceAnswer>("announce", options, ({ record }) => ({
    appName: record.appName,
    environment: record.environment,
    buildId: record.buildId,
    version: record.version,
    gitCommit: record.gitCommit,
    ...(record.allowRollback && { allowRollback: true }),
  }));
}

/**
 * Ends the announcement of a build that will not be deployed after all.
 *
 * @throws {CommandError} As `record` does.
 */
export async function abort(options: DeploymentOptions = {}): Promise<AbortAnswer> {
  return await send<AbortAnswer>("abort", options, ({ record }) => ({
    appName: record.appName,
    environment: record.environment,
    buildId: record.buildId,
  }));
}

async function send<Answer extends { readonly ok: boolean }>(
  verb: "record" | "announce" | "abort",
  options: DeploymentOptions,
  select: (prepared: PreparedDeployment) => Readonly<Record<string, unknown>>,
): Promise<Answer> {
  const env = options.env ?? process.env;
  const log = options.log ?? (() => {});
  const prepared = await prepare(options);
  for (const warning of prepared.warnings) log(warning);
  const url = convexUrl(env, options.url);
  const token = options.token ?? (await findRecordToken(env, options.cwd ?? process.cwd()));
  const path = FUNCTION_NAMES[`${verb}Deployment`];
  const { appName, environment } = prepared.record;
  const answer = await callLedger(
    path,
    { ...select(prepared), token },
    {
      doing: `${verb} ${appName} in ${environment}`,
      url,
      timeoutMs: options.timeoutMs ?? 60_000,
      signal: options.signal,
      log,
    },
  );
  if (isAnswer<Answer>(answer)) return answer;
  throw new CommandError(
    "failed",
    `Cannot ${verb} ${appName} in ${environment}: expected the answer of Tideline's ${path}, got ${JSON.stringify(answer)?.slice(0, 80)}`,
  );
}

/** The ledger's validators keep the rest of the shape. */
function isAnswer<Answer extends { readonly ok: boolean }>(value: unknown): value is Answer {
  return (
    typeof value === "object" && value !== null && "ok" in value && typeof value.ok === "boolean"
  );
}
