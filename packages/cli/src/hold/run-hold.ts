import { EXIT_CODES } from "../command.js";
import { CommandError } from "../command-error.js";
import { type NamedTarget, targetOf } from "../config/target-of.js";
import { type Ledger, openLedger } from "../ledger/open-ledger.js";
import type { GivenOptions } from "../parse-command-line.js";
import type { SendOptions } from "../record/send-deployment.js";
import type { Outcome, Terminal } from "../terminal.js";
import { checkReason, holdTarget, releaseTarget } from "./hold-target.js";

/** `tideline hold`. */
export async function runHold(given: GivenOptions, terminal: Terminal): Promise<Outcome> {
  const target = await targetOf(given, terminal, "hold");
  const { appName, environment, name } = target;
  const reason = given.text("reason");
  if (reason === undefined) {
    throw new CommandError("usage", `Cannot hold ${name}: expected a --reason, got none`);
  }
  checkReason(`hold ${name}`, reason);
  const { ledger, send } = await open(given, terminal, target);
  const answer = await holdTarget(ledger, target, reason, send);
  if (!answer.ok) return refused(answer, target);
  return {
    exitCode: EXIT_CODES.done,
    text: `${appName} in ${environment} is held since ${new Date(answer.hold.since).toISOString()} (${answer.hold.reason}), until "tideline release-hold ${name} --environment ${environment}"`,
    json: { ...answer, appName, environment },
  };
}

/** `tideline release-hold`. */
export async function runReleaseHold(given: GivenOptions, terminal: Terminal): Promise<Outcome> {
  const target = await targetOf(given, terminal, "release");
  const { appName, environment } = target;
  const { ledger, send } = await open(given, terminal, target);
  const answer = await releaseTarget(ledger, target, send);
  if (!answer.ok) return refused(answer, target);
  return {
    exitCode: EXIT_CODES.done,
    text: answer.wasHeld
      ? `${appName} in ${environment} takes deployments again`
      : `${appName} in ${environment} was not held`,
    json: { ...answer, appName, environment },
  };
}

async function open(
  given: GivenOptions,
  { cwd, signal, log }: Terminal,
  { env }: NamedTarget,
): Promise<{ ledger: Ledger; send: SendOptions }> {
  const seconds = given.number("timeout", 0.1, 86_400) ?? 60;
  const ledger = await openLedger({ url: given.text("url"), env, cwd });
  return { ledger, send: { timeoutMs: seconds * 1000, signal, log } };
}

function refused(
  answer: { readonly ok: false; readonly message: string },
  { appName, environment }: NamedTarget,
): Outcome {
  return {
    exitCode: EXIT_CODES.refused,
    text: answer.message,
    json: { ...answer, appName, environment },
  };
}
