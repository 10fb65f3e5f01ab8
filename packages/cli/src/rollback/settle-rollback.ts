import { EXIT_CODES } from "../command.js";
import { CommandError } from "../command-error.js";
import type { NamedTarget } from "../config/target-of.js";
import { holdTarget } from "../hold/hold-target.js";
import type { Ledger } from "../ledger/open-ledger.js";
import type { SendOptions } from "../record/send-deployment.js";
import type { Recorded } from "../record/served.js";
import { servedOutcome } from "../record/served-outcome.js";
import type { Outcome } from "../terminal.js";
import { nameOf } from "./choose-build.js";
import type { HistoryRow } from "./history.js";

/**
 * Holds the target, if it is to be held, and says what was done.
 *
 * @param served The record that was taken; null if there was nothing to go back from.
 * @param holdReason Null: it is not to be held.
 * @throws {CommandError} If it is to be held and cannot be; what was done is in the log.
 */
export async function settleRollback(
  served: Recorded | null,
  chosen: HistoryRow,
  { name, appName, environment }: NamedTarget,
  holdReason: string | null,
  ledger: Ledger,
  send: SendOptions,
): Promise<Outcome> {
  const what = `${appName} in ${environment} to ${nameOf(chosen)}`;
  const done =
    served === null
      ? `Nothing to roll back, ${nameOf(chosen)} is live in ${environment}`
      : `Rolled back ${what}: build ${served.answer.buildId}, epoch ${served.answer.epoch}`;
  const release = `tideline release-hold ${name} --environment ${environment}`;
  const recorded = served === null ? null : servedOutcome(served, served.record).json;
  const json = { ok: true, appName, environment, ...recorded, to: chosen };
  if (holdReason === null) {
    return {
      exitCode: EXIT_CODES.done,
      text: `${done}; it is not held`,
      json: { ...json, hold: null },
    };
  }
  try {
    const answer = await holdTarget(ledger, { appName, environment }, holdReason, send);
    if (!answer.ok) throw new CommandError("refused", answer.message, { code: answer.code });
    const text = `${done}; held until "${release}"`;
    return { exitCode: EXIT_CODES.done, text, json: { ...json, hold: answer.hold } };
  } catch (error) {
    send.log(
      `${done}, but it is not held, so the next deployment replaces it; hold it with "tideline hold ${name} --environment ${environment} --reason …"`,
    );
    throw error;
  }
}
