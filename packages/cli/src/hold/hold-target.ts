/** The hold of a target: until it is released, it takes no record and no announcement. */
import { FUNCTION_NAMES } from "@tideline/version";
import { CommandError } from "../command-error.js";
import type { Ledger } from "../ledger/open-ledger.js";
import type { SendOptions } from "../record/send-deployment.js";

/** The ledger's answer to a hold. */
export type HoldAnswer =
  | { readonly ok: true; readonly hold: { readonly reason: string; readonly since: number } }
  | { readonly ok: false; readonly code: string; readonly message: string };

/** The ledger's answer to its end. */
export type ReleaseAnswer =
  | { readonly ok: true; readonly wasHeld: boolean }
  | { readonly ok: false; readonly code: string; readonly message: string };

interface Target {
  readonly appName: string;
  readonly environment: string;
}

/** Holds a target; again, it changes the reason and keeps since when. */
export async function holdTarget(
  ledger: Ledger,
  { appName, environment }: Target,
  reason: string,
  send: SendOptions,
): Promise<HoldAnswer> {
  const doing = `hold ${appName} in ${environment}`;
  const args = { appName, environment, reason };
  const options = { ...send, doing };
  return (await ledger.call("mutation", FUNCTION_NAMES.holdTarget, args, options)) as HoldAnswer;
}

/** Lets a target take records again. */
export async function releaseTarget(
  ledger: Ledger,
  { appName, environment }: Target,
  send: SendOptions,
): Promise<ReleaseAnswer> {
  const options = { ...send, doing: `release ${appName} in ${environment}` };
  const args = { appName, environment };
  return (await ledger.call(
    "mutation",
    FUNCTION_NAMES.releaseTarget,
    args,
    options,
  )) as ReleaseAnswer;
}

/**
 * Checks a reason before anything is done.
 *
 * @throws {CommandError} `usage`, if the ledger would not take it.
 */
export function checkReason(doing: string, reason: string): void {
  if (reason.trim() !== "" && reason.length <= 500) return;
  throw new CommandError(
    "usage",
    `Cannot ${doing}: expected a --reason of 1 to 500 characters, got ${reason.length}`,
  );
}
