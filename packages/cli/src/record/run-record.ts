import type { AnnounceAnswer, RecordAnswer } from "@tideline/version";
import { EXIT_CODES } from "../command.js";
import { CommandError } from "../command-error.js";
import { ledgerAddress } from "../ledger/open-ledger.js";
import type { GivenOptions } from "../parse-command-line.js";
import type { Outcome, Terminal } from "../terminal.js";
import { checkRunCommit } from "./check-run-commit.js";
import { mirrorDeployment } from "./mirrors/mirror-deployment.js";
import { nameOfRecord } from "./name-of-record.js";
import { inOwnWords } from "./own-words.js";
import type { PreparedDeployment } from "./prepare.js";
import { type RecordRequest, readRecordRequest } from "./read-record-request.js";
import { openLedgerFor, sendOptions } from "./record.js";
import { recordServed } from "./record-served.js";
import { type AbortAnswer, sendAbort, sendAnnouncement, sendRecord } from "./send-deployment.js";
import { servedOutcome } from "./served-outcome.js";

/** `tideline record`, with its forms `--announce` and `--abort`. */
export async function runRecord(given: GivenOptions, terminal: Terminal): Promise<Outcome> {
  const verb = chooseVerb(given);
  const request = await readRecordRequest(given, terminal);
  const { options, probe, prepared } = request;
  for (const warning of prepared.warnings) terminal.log(warning);
  if (given.has("dry-run")) {
    const { env, cwd } = terminal;
    return describeDryRun(
      verb,
      request,
      ledgerAddress({ ...options, env: options.env ?? env, cwd }),
    );
  }
  // Fixed here, so that whoever stops us can be told which key makes a repetition safe.
  const { record } = prepared;
  const ledger = await openLedgerFor(options);
  checkRunCommit(ledger, prepared, terminal.env);
  const send = sendOptions({ ...options, log: terminal.log });
  const wantsGitHub = given.has("github-deployment");
  try {
    if (verb === "announce") return settle(await sendAnnouncement(ledger, record, send), prepared);
    if (verb === "abort") return settle(await sendAbort(ledger, record, send), prepared);
    if (probe.probes.length > 0) {
      const served = await recordServed(ledger, record, probe, send);
      const outcome = servedOutcome(served, record);
      if (served.kind === "recorded") {
        const { answer, record: seen } = served;
        await mirrorDeployment(
          { answer, record: seen, probes: probe.probes, wantsGitHub },
          terminal,
        );
      }
      return outcome;
    }
    terminal.log("Nobody looks whether it is served: without --probe the caller is trusted");
    const answer = await sendRecord(ledger, record, send);
    const outcome = settle(answer, prepared);
    if (answer.ok) await mirrorDeployment({ answer, record, probes: [], wantsGitHub }, terminal);
    return outcome;
  } catch (error) {
    if (verb === "record" && error instanceof CommandError && error.isOutcomeUnknown) {
      terminal.log(
        ledger.identity === "github"
          ? "To repeat it safely, run it again in the same attempt of this run"
          : `To repeat it safely, add --idempotency-key ${record.idempotencyKey}`,
      );
    }
    throw error;
  }
}

type Verb = "record" | "announce" | "abort";

function chooseVerb(given: GivenOptions): Verb {
  if (!given.has("announce")) return given.has("abort") ? "abort" : "record";
  if (!given.has("abort")) return "announce";
  throw new CommandError("usage", "Cannot use --announce and --abort together");
}

function settle(
  answer: RecordAnswer | AnnounceAnswer | AbortAnswer,
  prepared: PreparedDeployment,
): Outcome {
  const { appName, environment, version, idempotencyKey } = prepared.record;
  const json = { ...answer, appName, environment, version, idempotencyKey };
  if (!answer.ok) {
    const message = inOwnWords(answer.message);
    return { exitCode: EXIT_CODES.refused, text: message, json: { ...json, message } };
  }
  return { exitCode: EXIT_CODES.done, text: describe(answer, prepared), json };
}

function describeDryRun(verb: Verb, request: RecordRequest, url: string): Outcome {
  const { record } = request.prepared;
  const { probes } = request.probe;
  const lines = Object.entries(record).map(([name, value]) => `  ${name}: ${String(value)}`);
  const when =
    verb === "record" && probes.length > 0 ? `, once ${probes.join(" and ")} serves it` : "";
  return {
    exitCode: EXIT_CODES.done,
    text: `Would ${verb} at ${url}${when}:\n${lines.join("\n")}`,
    json: { ok: true, dryRun: true, verb, url, record, ...(probes.length > 0 && { probes }) },
  };
}

function describe(
  answer: (RecordAnswer | AnnounceAnswer | AbortAnswer) & { readonly ok: true },
  { record }: PreparedDeployment,
): string {
  const what = nameOfRecord(record);
  const where = `in ${record.environment}`;
  if ("deploymentId" in answer) {
    if (answer.alreadyRecorded) return `Already recorded ${what} ${where}, epoch ${answer.epoch}`;
    return `Recorded ${what} ${where}: ${answer.kind}, build ${answer.buildId}, epoch ${answer.epoch}`;
  }
  if ("state" in answer) {
    return answer.state === "live"
      ? `Nothing to announce: ${what} is already known to ${record.appName}/${record.environment}`
      : `Announced ${what} ${where}, build ${answer.buildId}`;
  }
  return `Ended the announcement of ${what} ${where}`;
}
