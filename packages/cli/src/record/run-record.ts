import {
  type AnnounceAnswer,
  type RecordAnswer,
  type Severity,
  shortCommit,
} from "@tideline/version";
import { EXIT_CODES } from "../command.js";
import { CommandError } from "../command-error.js";
import { convexUrl } from "../ledger/convex-url.js";
import type { GivenOptions } from "../parse-command-line.js";
import type { Outcome, Terminal } from "../terminal.js";
import type { DeploymentOptions } from "./deployment-options.js";
import { inOwnWords } from "./own-words.js";
import { type PreparedDeployment, prepare } from "./prepare.js";
import { type AbortAnswer, abort, announce, record } from "./record.js";

/** `tideline record`, with its forms `--announce` and `--abort`. */
export async function runRecord(given: GivenOptions, terminal: Terminal): Promise<Outcome> {
  const verb = chooseVerb(given);
  const options = readOptions(given, terminal);
  const prepared = await prepare(options);
  for (const warning of prepared.warnings) terminal.log(warning);
  if (given.has("dry-run"))
    return describeDryRun(verb, prepared, convexUrl(terminal.env, options.url));

  // Fixed here, so that whoever stops us can be told which key makes a repetition safe.
  const { idempotencyKey } = prepared.record;
  const send = { ...options, idempotencyKey, log: withoutRepeats(prepared.warnings, terminal.log) };
  let answer: RecordAnswer | AnnounceAnswer | AbortAnswer;
  try {
    answer = await VERBS[verb](send);
  } catch (error) {
    if (verb === "record" && error instanceof CommandError && error.isOutcomeUnknown) {
      terminal.log(`To repeat it safely, add --idempotency-key ${idempotencyKey}`);
    }
    throw error;
  }
  const { appName, environment, version } = prepared.record;
  const json = { ...answer, appName, environment, version, idempotencyKey };
  if (!answer.ok) {
    const message = inOwnWords(answer.message);
    return { exitCode: EXIT_CODES.refused, text: message, json: { ...json, message } };
  }
  return { exitCode: EXIT_CODES.done, text: describe(answer, prepared), json };
}

const VERBS = { record, announce, abort } as const;

function chooseVerb(given: GivenOptions): keyof typeof VERBS {
  if (!given.has("announce")) return given.has("abort") ? "abort" : "record";
  if (!given.has("abort")) return "announce";
  throw new CommandError("usage", "Cannot use --announce and --abort together");
}

function readOptions(given: GivenOptions, { cwd, env, signal }: Terminal): DeploymentOptions {
  const seconds = given.number("timeout", 0.1, 86_400);
  const asOfEpoch = given.number("as-of-epoch", 0, Number.MAX_SAFE_INTEGER);
  const severity = readSeverity(given.text("severity"));
  const optional = {
    dist: given.text("dist"),
    file: given.text("file"),
    label: given.text("label"),
    appName: given.text("app"),
    environment: given.text("environment"),
    url: given.text("url"),
    notes: given.text("notes"),
    idempotencyKey: given.text("idempotency-key"),
    asOfEpoch,
    severity,
    timeoutMs: seconds === undefined ? undefined : seconds * 1000,
  };
  return {
    ...(Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)) as {
      [Name in keyof typeof optional]?: Exclude<(typeof optional)[Name], undefined>;
    }),
    allowRollback: given.has("allow-rollback"),
    cwd,
    env,
    signal,
  };
}

function readSeverity(text: string | undefined): Severity | undefined {
  if (text === undefined || text === "normal" || text === "critical") return text;
  throw new CommandError(
    "usage",
    `Cannot use --severity: expected "normal" or "critical", got "${text}"`,
  );
}

/** `prepare` runs once more when the record is sent, and would say the same again. */
function withoutRepeats(said: readonly string[], log: (line: string) => void) {
  return (line: string) => {
    if (!said.includes(line)) log(line);
  };
}

function describeDryRun(verb: string, { record }: PreparedDeployment, url: string): Outcome {
  const lines = Object.entries(record).map(([name, value]) => `  ${name}: ${String(value)}`);
  return {
    exitCode: EXIT_CODES.done,
    text: `Would ${verb} at ${url}:\n${lines.join("\n")}`,
    json: { ok: true, dryRun: true, verb, url, record },
  };
}

function describe(
  answer: (RecordAnswer | AnnounceAnswer | AbortAnswer) & { readonly ok: true },
  { record }: PreparedDeployment,
): string {
  const what = `${record.appName} ${record.version} (${shortCommit(record.gitCommit)})`;
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
