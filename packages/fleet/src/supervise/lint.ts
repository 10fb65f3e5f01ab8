/** What in a process-compose configuration makes updates fail later; for `doctor`. Pure. */
import { basename, relative } from "node:path";
import { gte, parse } from "semver";
import type { ProcessFacts } from "./process-facts.js";
import { parseSupervisorAddress } from "./supervisor-address.js";

/** What is looked at. */
export interface LintInput {
  /** `supervisor.address`. */
  readonly address: string;
  /** Of `/project/state`, or null if it does not answer. */
  readonly version: string | null;
  /** Its token, or null if it has none. */
  readonly token: string | null;
  /** By name; from the file or from `/process/info`. Null where one could not be read. */
  readonly processes: Readonly<Record<string, ProcessFacts | null>>;
  /** What `tideline-sync` swaps: the subsystems with a service. */
  readonly managed: readonly {
    readonly name: string;
    readonly service: string;
    /** Absolute. */
    readonly binary: string;
    /** `health.soak`. */
    readonly soakMs: number;
  }[];
  readonly webhook: { readonly host: string; readonly port: number };
  /** Who listens on the webhook's port now, besides ourselves: `"process-compose (pid 41)"`. */
  readonly webhookListener: string | null;
}

/** What was found: what is the case, and the sentence that mends it. */
export interface LintFinding {
  readonly code:
    | "service-missing"
    | "shutdown-timeout-missing"
    | "binary-watched"
    | "binary-not-in-command"
    | "readiness-missing"
    | "soak-too-short"
    | "ends-project"
    | "daemon"
    | "port-taken"
    | "version-too-old"
    | "version-not-recommended"
    | "token-too-short";
  /** `error`: updates will fail; `warning`: they will be slower or less certain. */
  readonly level: "error" | "warning";
  /** Null for what concerns all. */
  readonly service: string | null;
  readonly message: string;
  readonly fix: string;
}

/** Since when there is `/process/states/ws`; without it the gate looks every 400 ms. */
export const PROCESS_COMPOSE_FLOOR = "1.110.0";
/** Since when a stop wins over a restart that is under way, and a restart never ends the project. */
export const PROCESS_COMPOSE_RECOMMENDED = "1.122.0";
// process-compose itself ends at start with a shorter one (routes.go).
const TOKEN_LENGTH = 20;

/** Gives the findings, those of all services first. */
export function lintProcessCompose(input: LintInput): LintFinding[] {
  return [
    ...lintVersion(input),
    ...lintToken(input),
    ...lintPort(input),
    ...input.managed.flatMap((subsystem) => lintService(input, subsystem)),
  ];
}

function lintVersion({ version }: LintInput): LintFinding[] {
  const parsed = version === null ? null : parse(version.replace(/^v/, ""));
  // One that was built by hand says "undefined".
  if (parsed === null || gte(parsed, PROCESS_COMPOSE_RECOMMENDED)) return [];
  const isTooOld = !gte(parsed, PROCESS_COMPOSE_FLOOR);
  const wanted = isTooOld ? PROCESS_COMPOSE_FLOOR : PROCESS_COMPOSE_RECOMMENDED;
  return [
    {
      code: isTooOld ? "version-too-old" : "version-not-recommended",
      level: "warning",
      service: null,
      message: isTooOld
        ? `process-compose ${parsed.version} cannot push states: a failing update is noticed later`
        : `process-compose ${parsed.version} lets a restart that is under way win over a stop`,
      fix: `Install process-compose ${wanted} or newer${isTooOld ? `, best ${PROCESS_COMPOSE_RECOMMENDED}` : ""}`,
    },
  ];
}

function lintToken({ token }: LintInput): LintFinding[] {
  if (token === null || token.length >= TOKEN_LENGTH) return [];
  return [
    {
      code: "token-too-short",
      level: "error",
      service: null,
      message: `process-compose does not start with a PC_API_TOKEN of ${token.length} characters`,
      fix: `Give PC_API_TOKEN ${TOKEN_LENGTH} characters or more, for process-compose and for tideline-sync`,
    },
  ];
}

function lintPort({ address, webhook, webhookListener }: LintInput): LintFinding[] {
  if (webhook.port === 0) return [];
  const supervisor = parseSupervisorAddress(address);
  const isItself = supervisor.kind === "port" && supervisor.port === webhook.port;
  if (!isItself && webhookListener === null) return [];
  const holder = isItself ? `process-compose's own API (${address})` : webhookListener;
  return [
    {
      code: "port-taken",
      level: "error",
      service: null,
      message: `Port ${webhook.port}, which is to receive webhooks, is taken by ${holder}`,
      fix: `Set webhook.port in sync.config.yaml to another one, such as 8787${
        isItself ? ", or let process-compose listen on a unix socket (-U)" : ""
      }`,
    },
  ];
}

function lintService(
  { processes }: LintInput,
  { name, service, binary, soakMs }: LintInput["managed"][number],
): LintFinding[] {
  const finding = (
    code: LintFinding["code"],
    level: LintFinding["level"],
    message: string,
    fix: string,
  ): LintFinding => ({ code, level, service, message, fix });
  if (!Object.hasOwn(processes, service)) {
    const names = Object.keys(processes).join(", ") || "none";
    return [
      finding(
        "service-missing",
        "error",
        `process-compose has no process "${service}", which subsystem "${name}" names; it has ${names}`,
        `Correct "service" of "${name}" in sync.config.yaml, or add the process`,
      ),
    ];
  }
  const facts = processes[service];
  if (facts === null || facts === undefined) return [];
  const findings: LintFinding[] = [];
  if (facts.shutdownTimeoutSeconds <= 0) {
    findings.push(
      finding(
        "shutdown-timeout-missing",
        "error",
        `"${service}" has no shutdown.timeout_seconds: a restart does not wait for the old process, and the new one meets it on its port`,
        `Set shutdown.timeout_seconds of "${service}", such as 10`,
      ),
    );
  }
  const watched = facts.watched.find((path) => holds(path, binary));
  if (watched !== undefined) {
    findings.push(
      finding(
        "binary-watched",
        "error",
        `"${service}" is restarted by process-compose when "${watched}" changes, which holds "${binary}": each update would restart it twice`,
        `Remove that path from watch.paths of "${service}", or exclude "${basename(binary)}"`,
      ),
    );
  }
  if (!mentions(facts, binary)) {
    findings.push(
      finding(
        "binary-not-in-command",
        "warning",
        `The command of "${service}" does not name "${binary}": a restart may not run what was swapped in`,
        `Let the command run "${binary}", or correct "binary" of "${name}" in sync.config.yaml`,
      ),
    );
  }
  if (!facts.hasReadiness) {
    findings.push(
      finding(
        "readiness-missing",
        "warning",
        `"${service}" has no readiness_probe: a new version counts as well as soon as it runs`,
        `Give "${service}" a readiness_probe, or "${name}" a health.check in sync.config.yaml`,
      ),
    );
  }
  const { probePeriodMs } = facts;
  if (probePeriodMs !== null && soakMs < 2 * probePeriodMs) {
    findings.push(
      finding(
        "soak-too-short",
        "warning",
        `"${service}" is asked whether it is ready every ${probePeriodMs / 1000} s, and watched for ${soakMs / 1000} s after an update: one that falls ill is not noticed`,
        `Set health.soak of "${name}" to ${(2 * probePeriodMs) / 1000}s or more, or a shorter readiness_probe.period_seconds of "${service}"`,
      ),
    );
  }
  if (facts.endsProject) {
    findings.push(
      finding(
        "ends-project",
        "error",
        `The end of "${service}" ends the whole project: one bad update would stop every service`,
        `Set availability.restart of "${service}" to "always", and remove exit_on_end`,
      ),
    );
  }
  if (facts.isDaemon) {
    findings.push(
      finding(
        "daemon",
        "warning",
        `"${service}" runs as a daemon: its pid is not known, so that its end is noticed late`,
        `Run "${service}" in the foreground, without is_daemon`,
      ),
    );
  }
  return findings;
}

function holds(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === "" || (!way.startsWith("..") && !way.startsWith("/"));
}

/** A task runner or a script may stand in between, so that this only warns. */
function mentions({ command, folder }: ProcessFacts, binary: string): boolean {
  const words = command.split(/[\s"'=;&|()]+/);
  const way = relative(folder, binary);
  return words.some((word) => word === binary || word === way || word === `./${way}`);
}
