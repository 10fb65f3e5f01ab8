/** What `tideline record` is asked for: options, configuration, stamp, and where to look. */
import { resolve } from "node:path";
import { detectCi } from "@tideline/stamp";
import type { Severity } from "@tideline/version";
import { CommandError } from "../command-error.js";
import type { GivenOptions } from "../parse-command-line.js";
import type { Env, Terminal } from "../terminal.js";
import { checkDetails } from "./check-details.js";
import type { DeploymentOptions } from "./deployment-options.js";
import { findPublished } from "./find-published.js";
import { type FoundStamp, findStamp } from "./find-stamp.js";
import { type PreparedDeployment, prepareFound } from "./prepare.js";
import { type ProbeOptions, readProbeOptions } from "./probe-options.js";
import { lookWith, publicAddress } from "./public-address.js";
import { findService, type NamedService, stampService } from "./service-options.js";

/** Everything that the command line and the configuration say. */
export interface RecordRequest {
  readonly options: DeploymentOptions;
  readonly probe: ProbeOptions;
  readonly prepared: PreparedDeployment;
}

// Which of them names the build; more than one would be two builds.
const SOURCES = ["dist", "file", "label", "published"] as const;

/**
 * Reads the request and finds the build that it is about.
 *
 * @throws {CommandError} As `prepare` does, and `usage` for options that do not go together.
 */
export async function readRecordRequest(
  given: GivenOptions,
  terminal: Terminal,
): Promise<RecordRequest> {
  const service = await findService(given, terminal);
  const env = service?.env ?? terminal.env;
  const probe = readProbeOptions(given, service?.probe ?? null);
  const options = { ...readOptions(given, terminal, service, probe), env };
  checkDetails(options);
  const found = await find(given, options, service, probe, terminal);
  const inputsId = options.inputsId ?? (await service?.inputsId());
  const prepared = await prepareFound(found, {
    ...options,
    ...(inputsId !== undefined && { inputsId }),
  });
  return { options, probe, prepared };
}

async function find(
  given: GivenOptions,
  options: DeploymentOptions,
  service: NamedService | null,
  probe: ProbeOptions,
  { cwd, signal }: Terminal,
): Promise<FoundStamp> {
  const env = options.env ?? {};
  if (options.published !== undefined) {
    const isAborting = given.has("abort") || given.has("dry-run");
    const address = publicAddress("--published", options.published);
    return await findPublished(address.url, {
      commit: options.allowRollback ? null : runCommit(env),
      // Only who looks anyway waits; the others want to know what is there now.
      isAwaited: probe.probes.length > 0 && !isAborting,
      timeoutMs: probe.timeoutMs,
      intervalMs: probe.intervalMs,
      look: lookWith([address]) ?? probe.look,
      signal,
    });
  }
  const isNamed = SOURCES.some((source) => options[source] !== undefined);
  if (service !== null && !isNamed) return await stampService(service);
  return await findStamp(options, resolve(cwd), env);
}

/** The commit that this run is about, if it says one. */
function runCommit(env: Env): string | null {
  const commit = (detectCi(env)?.commit ?? env.GITHUB_SHA)?.trim().toLowerCase() ?? "";
  return /^[0-9a-f]{7,64}$/.test(commit) ? commit : null;
}

function readOptions(
  given: GivenOptions,
  { cwd, signal }: Terminal,
  service: NamedService | null,
  probe: ProbeOptions,
): DeploymentOptions {
  const seconds = given.number("timeout", 0.1, 86_400);
  const optional = {
    dist: given.text("dist"),
    file: given.text("file"),
    label: given.text("label"),
    published: readPublished(given, probe),
    appName: given.text("app") ?? service?.appName,
    environment: given.text("environment"),
    url: given.text("url"),
    siteUrl: given.text("site-url"),
    notes: given.text("notes"),
    inputsId: given.text("inputs-id"),
    imageDigest: readDigest(given.text("image-digest")),
    idempotencyKey: given.text("idempotency-key"),
    asOfEpoch: given.number("as-of-epoch", 0, Number.MAX_SAFE_INTEGER),
    severity: readSeverity(given.text("severity")),
    timeoutMs: seconds === undefined ? undefined : seconds * 1000,
  };
  const sources = SOURCES.filter((source) => optional[source] !== undefined);
  // An artifact's version.json may lie elsewhere, as it always could.
  if (sources.length > 1 && sources.join() !== "dist,file") {
    const [one, other] = sources;
    throw new CommandError(
      "usage",
      `Cannot use --${one} and --${other} together: each names a build`,
    );
  }
  if (optional.asOfEpoch !== undefined && given.texts("probe").length > 0) {
    throw new CommandError(
      "usage",
      "Cannot use --as-of-epoch and --probe together: who looks reads the epoch itself",
    );
  }
  const dist = sources.length === 0 && service?.dist != null ? { dist: service.dist } : {};
  return {
    ...(Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)) as {
      [Name in keyof typeof optional]?: Exclude<(typeof optional)[Name], undefined>;
    }),
    ...dist,
    allowRollback: given.has("allow-rollback"),
    cwd,
    signal,
  };
}

function readPublished(given: GivenOptions, { probes }: ProbeOptions): string | undefined {
  const text = given.text("published");
  if (text !== "probe") return text;
  const [first] = probes;
  if (first !== undefined) return first;
  throw new CommandError(
    "usage",
    "Cannot use --published without an address: expected one, or a --probe whose address it is",
  );
}

function readDigest(text: string | undefined): string | undefined {
  if (text === undefined || /^sha256:[0-9a-f]{64}$/.test(text)) return text;
  throw new CommandError(
    "usage",
    `Cannot use --image-digest: expected "sha256:" and 64 hex digits in lower case, got "${text.slice(0, 100)}"`,
  );
}

function readSeverity(text: string | undefined): Severity | undefined {
  if (text === undefined || text === "normal" || text === "critical") return text;
  throw new CommandError(
    "usage",
    `Cannot use --severity: expected "normal" or "critical", got "${text}"`,
  );
}
