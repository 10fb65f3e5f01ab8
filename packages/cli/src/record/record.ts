import type { AnnounceAnswer, DeploymentRecord, RecordAnswer } from "@tideline/version";
import { type Ledger, openLedger } from "../ledger/open-ledger.js";
import { checkRunCommit } from "./check-run-commit.js";
import type { DeploymentOptions } from "./deployment-options.js";
import { prepare } from "./prepare.js";
import {
  type AbortAnswer,
  type SendOptions,
  sendAbort,
  sendAnnouncement,
  sendRecord,
} from "./send-deployment.js";

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
  return await send(sendRecord, options);
}

/**
 * Says that a build is on its way, before its pages are served: a tab that gets the new page before
 * the record says nothing.
 *
 * @throws {CommandError} As `record` does.
 */
export async function announce(options: DeploymentOptions = {}): Promise<AnnounceAnswer> {
  return await send(sendAnnouncement, options);
}

/**
 * Ends the announcement of a build that will not be deployed after all.
 *
 * @throws {CommandError} As `record` does.
 */
export async function abort(options: DeploymentOptions = {}): Promise<AbortAnswer> {
  return await send(sendAbort, options);
}

async function send<Answer>(
  send: (ledger: Ledger, record: DeploymentRecord, options: SendOptions) => Promise<Answer>,
  options: DeploymentOptions,
): Promise<Answer> {
  const { log = () => {} } = options;
  const prepared = await prepare(options);
  for (const warning of prepared.warnings) log(warning);
  const ledger = await openLedgerFor(options);
  checkRunCommit(ledger, prepared, options.env ?? process.env);
  return await send(ledger, prepared.record, sendOptions(options));
}

/** Opens the ledger that the options name. */
export async function openLedgerFor(options: DeploymentOptions): Promise<Ledger> {
  const { url, siteUrl, token, env = process.env, cwd = process.cwd() } = options;
  return await openLedger({ url, siteUrl, token, env, cwd });
}

/** Gives how calls are made for the options. */
export function sendOptions(options: DeploymentOptions): SendOptions {
  const { timeoutMs = 60_000, signal, log = () => {} } = options;
  return { timeoutMs, signal, log };
}
