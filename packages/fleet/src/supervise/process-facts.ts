/** What `doctor` has to know of one process, from its configuration file or from process-compose itself. */
import { isAbsolute, resolve } from "node:path";
import * as v from "valibot";

/** One process of a process-compose.yaml. */
export interface ProcessFacts {
  /** What is run: the shell's line, or the program with its arguments. */
  readonly command: string;
  readonly folder: string;
  /** Of `shutdown`; 0 if it is missing. */
  readonly shutdownTimeoutSeconds: number;
  /** A readiness probe, or a line of the log that says it. */
  readonly hasReadiness: boolean;
  /** How often its readiness probe asks; null without one. */
  readonly probePeriodMs: number | null;
  /** What `watch` looks at; absolute. */
  readonly watched: readonly string[];
  /** Whether its end can end the whole project. */
  readonly endsProject: boolean;
  readonly isDaemon: boolean;
}

const WATCH = v.object({ paths: v.optional(v.array(v.object({ path: v.string() }))) });

// Probe.ValidateAndSetDefaults of src/health/probe.go.
const DEFAULT_PERIOD_SECONDS = 10;

const FILE_PROCESS = v.object({
  command: v.optional(v.string()),
  entrypoint: v.optional(v.array(v.string())),
  working_dir: v.optional(v.string()),
  shutdown: v.optional(v.object({ timeout_seconds: v.optional(v.number()) })),
  readiness_probe: v.optional(v.object({ period_seconds: v.optional(v.number()) })),
  ready_log_line: v.optional(v.string()),
  is_daemon: v.optional(v.boolean()),
  availability: v.optional(
    v.object({ restart: v.optional(v.string()), exit_on_end: v.optional(v.boolean()) }),
  ),
  watch: v.optional(WATCH),
});

const INFO = v.object({
  command: v.optional(v.string()),
  entrypoint: v.optional(v.array(v.string())),
  workingDir: v.optional(v.string()),
  shutDownParams: v.optional(v.object({ shutDownTimeout: v.optional(v.number()) })),
  readinessProbe: v.optional(v.object({ periodSeconds: v.optional(v.number()) })),
  readyLogLine: v.optional(v.string()),
  isDaemon: v.optional(v.boolean()),
  restartPolicy: v.optional(
    v.object({ restart: v.optional(v.unknown()), exitOnEnd: v.optional(v.boolean()) }),
  ),
  watch: v.optional(WATCH),
});

// In JSON the policy is the number of a Go constant (src/types/process.go), in YAML a word.
const EXIT_ON_FAILURE = 3;

/**
 * Reads one value under `processes:` of a process-compose.yaml.
 *
 * @param folder The file's own; what `working_dir` is relative to.
 * @returns Null if it is of another shape; process-compose will say so better.
 */
export function readFileProcess(value: unknown, folder: string): ProcessFacts | null {
  const parsed = v.safeParse(FILE_PROCESS, value);
  if (!parsed.success) return null;
  const process = parsed.output;
  const { restart, exit_on_end: exitOnEnd = false } = process.availability ?? {};
  return assemble({
    command: process.command ?? process.entrypoint?.join(" ") ?? "",
    folder: resolve(folder, process.working_dir ?? "."),
    shutdownTimeoutSeconds: process.shutdown?.timeout_seconds ?? 0,
    hasReadiness: process.readiness_probe !== undefined || Boolean(process.ready_log_line),
    probePeriodMs: periodOf(process.readiness_probe, process.readiness_probe?.period_seconds),
    isDaemon: process.is_daemon ?? false,
    endsProject: exitOnEnd || restart === "exit_on_failure",
    paths: process.watch?.paths,
  });
}

/** Reads the answer of `GET /process/info/{name}` in the same way. */
export function readInfoProcess(value: unknown, folder: string): ProcessFacts | null {
  const parsed = v.safeParse(INFO, value);
  if (!parsed.success) return null;
  const info = parsed.output;
  const { restart, exitOnEnd = false } = info.restartPolicy ?? {};
  return assemble({
    command: info.command || (info.entrypoint?.join(" ") ?? ""),
    folder: resolve(folder, info.workingDir ?? "."),
    shutdownTimeoutSeconds: info.shutDownParams?.shutDownTimeout ?? 0,
    hasReadiness: info.readinessProbe !== undefined || Boolean(info.readyLogLine),
    probePeriodMs: periodOf(info.readinessProbe, info.readinessProbe?.periodSeconds),
    isDaemon: info.isDaemon ?? false,
    endsProject: exitOnEnd || restart === EXIT_ON_FAILURE,
    paths: info.watch?.paths,
  });
}

function periodOf(probe: object | undefined, seconds: number | undefined): number | null {
  return probe === undefined ? null : 1000 * (seconds || DEFAULT_PERIOD_SECONDS);
}

function assemble({
  paths = [],
  ...facts
}: Omit<ProcessFacts, "watched"> & {
  readonly paths: readonly { readonly path: string }[] | undefined;
}): ProcessFacts {
  const watched = paths.map(({ path }) => (isAbsolute(path) ? path : resolve(facts.folder, path)));
  return { ...facts, watched };
}
