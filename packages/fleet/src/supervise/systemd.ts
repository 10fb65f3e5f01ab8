/**
 * systemd as a supervisor, by its own programs: there is no stable socket of it for a Node process
 * that has no D-Bus. What the properties mean: org.freedesktop.systemd1(5), systemctl(1).
 */
import { execFile } from "node:child_process";
import { performance } from "node:perf_hooks";
import { pause } from "./pause.js";
import { type ServiceState, type Supervisor, SupervisorError } from "./supervisor.js";

/** Which systemd, and by which programs. */
export interface SystemdOptions {
  readonly scope: "system" | "user";
  readonly env: Readonly<Record<string, string | undefined>>;
  /** @default "systemctl" */
  readonly systemctl?: string;
  /** @default "journalctl" */
  readonly journalctl?: string;
}

const PROPERTIES = [
  ...["LoadState", "ActiveState", "SubState", "Type", "MainPID", "NRestarts"],
  ...["ExecMainStatus", "ExecMainCode", "ExecMainExitTimestampMonotonic"],
  ...["TimeoutStopUSec", "TimeoutStartUSec"],
];
const LOOK_EVERY_MS = 500;
const LOOK_AFTER_RESTART_MS = 50;
const TIMEOUT_MS = 20_000;
// For a unit that systemd would wait for without end.
const LONGEST_STOP_MS = 15 * 60_000;
// Types whose start ends only when the service has said that it is ready.
const TYPES_WITH_READINESS = new Set(["notify", "notify-reload", "dbus", "forking"]);

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Drives units by `systemctl`, and reads their lines by `journalctl`. */
export class SystemdSupervisor implements Supervisor {
  readonly kind = "systemd";
  readonly #options: SystemdOptions;

  constructor(options: SystemdOptions) {
    this.#options = options;
  }

  async inspect(service: string, signal: AbortSignal): Promise<ServiceState> {
    return readProperties(await this.#show(service, signal));
  }

  async #show(service: string, signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
    const { stdout } = await this.#systemctl(
      ["show", service, `--property=${PROPERTIES.join(",")}`],
      service,
      signal,
    );
    const values = new Map(
      stdout.split("\n").map((line): [string, string] => {
        const at = line.indexOf("=");
        return [line.slice(0, at), line.slice(at + 1).trim()];
      }),
    );
    // `show` ends with 0 for what it has never heard of.
    if (values.get("LoadState") === "not-found") throw unknown(service);
    if (!values.has("ActiveState")) {
      throw new SupervisorError(
        "unreachable",
        `Cannot read the state of "${service}": expected ActiveState of systemctl, got "${stdout.trim().slice(0, 200)}"`,
      );
    }
    return values;
  }

  async restart(service: string, signal: AbortSignal): Promise<void> {
    const before = await this.#show(service, signal);
    await this.#forgetFailures(service, signal);
    // Without --no-block it would last until a unit of type "notify" is ready.
    await this.#systemctl(["restart", "--no-block", service], service, signal);
    await this.#untilReplaced(service, before, signal);
  }

  async start(service: string, signal: AbortSignal): Promise<void> {
    const before = await this.#show(service, signal);
    if (readProperties(before).isRunning) return;
    await this.#forgetFailures(service, signal);
    await this.#systemctl(["start", "--no-block", service], service, signal);
    await this.#untilReplaced(service, before, signal);
  }

  async stop(service: string, signal: AbortSignal): Promise<void> {
    await this.#systemctl(["stop", "--no-block", service], service, signal);
  }

  /**
   * Waits until the process before has ended and the next one is there, or has failed: whoever asked
   * judges what does not run, and must not judge one that is still allowed to end. Returns also when
   * systemd itself would have given up; then the state says what is wrong.
   */
  async #untilReplaced(
    service: string,
    before: ReadonlyMap<string, string>,
    signal: AbortSignal,
  ): Promise<void> {
    const giveUpAt = performance.now() + patienceFor(before);
    for (;;) {
      try {
        if (!isBetween(await this.#show(service, signal), before.get("MainPID"))) return;
      } catch (error) {
        const isPassing = error instanceof SupervisorError && error.kind === "unreachable";
        // The job is queued: asking for another restart over that would end the new process.
        if (!isPassing) throw error;
      }
      if (performance.now() >= giveUpAt) return;
      await pause(LOOK_AFTER_RESTART_MS, signal);
      signal.throwIfAborted();
    }
  }

  async watch(
    service: string,
    onState: (state: ServiceState) => void,
    signal: AbortSignal,
  ): Promise<void> {
    let last = "";
    let isFirst = true;
    while (!signal.aborted) {
      try {
        const state = await this.inspect(service, signal);
        const text = JSON.stringify(state);
        if (text !== last && !signal.aborted) onState(state);
        last = text;
      } catch (error) {
        if (signal.aborted) return;
        const isPassing = error instanceof SupervisorError && error.kind !== "unknown-service";
        if (isFirst || !isPassing) throw error;
      }
      isFirst = false;
      await pause(LOOK_EVERY_MS, signal);
    }
  }

  async logs(service: string, lines: number, signal: AbortSignal): Promise<readonly string[]> {
    const args = [
      ...this.#scope,
      "-u",
      service,
      "-n",
      String(lines),
      "-o",
      "cat",
      "--no-pager",
      "-q",
    ];
    const { code, stdout, stderr } = await this.#run(
      this.#options.journalctl ?? "journalctl",
      args,
      signal,
    );
    if (code !== 0) throw explain(service, stderr, code);
    return stdout
      .split("\n")
      .filter((line) => line !== "")
      .slice(-lines);
  }

  /** A unit that has crashed too often refuses every start, also that of the version before. */
  async #forgetFailures(service: string, signal: AbortSignal): Promise<void> {
    await this.#run(this.#program, [...this.#scope, "reset-failed", service], signal);
  }

  get #program(): string {
    return this.#options.systemctl ?? "systemctl";
  }

  get #scope(): readonly string[] {
    return [`--${this.#options.scope}`];
  }

  async #systemctl(args: readonly string[], service: string, signal: AbortSignal): Promise<Ran> {
    const ran = await this.#run(
      this.#program,
      [...this.#scope, "--no-ask-password", "--no-pager", ...args],
      signal,
    );
    if (ran.code !== 0) throw explain(service, ran.stderr, ran.code);
    return ran;
  }

  #run(program: string, args: readonly string[], signal: AbortSignal): Promise<Ran> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      // Its sentences decide what went wrong, so that they must not be translated.
      const env = { ...this.#options.env, LC_ALL: "C", SYSTEMD_COLORS: "0" };
      const options = { env, signal, timeout: TIMEOUT_MS, maxBuffer: 16 * 1024 * 1024 };
      execFile(program, args, options, (error, stdout, stderr) => {
        if (error === null) return resolve({ code: 0, stdout, stderr });
        if (typeof error.code === "number") return resolve({ code: error.code, stdout, stderr });
        if (signal.aborted) return reject(signal.reason);
        const why = error.killed ? `no answer within ${TIMEOUT_MS} ms` : error.message;
        const message = `Cannot reach systemd by "${program}": ${why}`;
        reject(new SupervisorError("unreachable", message, { cause: error }));
      });
    });
  }
}

function readProperties(values: ReadonlyMap<string, string>): ServiceState {
  const active = values.get("ActiveState") ?? "";
  const sub = values.get("SubState") ?? "";
  const pid = Number(values.get("MainPID") ?? 0);
  // While it stops or waits for its restart ("auto-restart") there may be no main process.
  const isRunning =
    pid > 0 && (active === "active" || active === "activating" || active === "reloading");
  const hasReadiness = TYPES_WITH_READINESS.has(values.get("Type") ?? "");
  const hasEnded = Number(values.get("ExecMainExitTimestampMonotonic") ?? 0) > 0;
  const status = Number(values.get("ExecMainStatus") ?? 0);
  // CLD_KILLED and CLD_DUMPED (wait(2)): then the status is a signal's number.
  const wasKilled = values.get("ExecMainCode") === "2" || values.get("ExecMainCode") === "3";
  return {
    pid: isRunning ? pid : null,
    isRunning,
    isReady: hasReadiness ? active === "active" && sub === "running" : null,
    restarts: Number(values.get("NRestarts") ?? 0),
    exitCode: hasEnded ? (wasKilled ? 128 + status : status) : null,
  };
}

/** Whether the unit is on its way from one process to the next. */
function isBetween(now: ReadonlyMap<string, string>, pidBefore: string | undefined): boolean {
  const [active, sub, pid] = ["ActiveState", "SubState", "MainPID"].map(
    (key) => now.get(key) ?? "",
  );
  if (active === "deactivating") return true;
  const hasProcess = pid !== "" && pid !== "0";
  if (hasProcess) return pid === pidBefore;
  // Its ExecStartPre= run, or it forks; while it waits for its own restart it has failed.
  return active === "activating" && !sub?.startsWith("auto-restart");
}

/** SIGTERM and SIGKILL each have TimeoutStopSec=, and so has ExecStartPre= its own; systemd.service(5). */
function patienceFor(values: ReadonlyMap<string, string>): number {
  const stopMs = readTimespan(values.get("TimeoutStopUSec") ?? "");
  const startMs = readTimespan(values.get("TimeoutStartUSec") ?? "");
  return Math.min(2 * stopMs + startMs, LONGEST_STOP_MS);
}

/** Reads "1min 30s" as `systemctl show` writes it, in ms; systemd.time(7). What it cannot read is 90 s. */
function readTimespan(text: string): number {
  if (text === "infinity") return Number.POSITIVE_INFINITY;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)([a-z]+)/g)];
  if (parts.length === 0) return 90_000;
  return parts.reduce(
    (sum, [, count, unit = ""]) => sum + Number(count) * (UNITS_MS[unit] ?? 0),
    0,
  );
}

const UNITS_MS: Readonly<Record<string, number>> = {
  ...{ us: 0.001, ms: 1, s: 1_000, min: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 },
};

function explain(service: string, stderr: string, code: number): SupervisorError {
  const text = stderr.trim();
  if (
    /not been booted with systemd|Failed to connect to (the )?bus|\$DBUS_SESSION_BUS/i.test(text)
  ) {
    return new SupervisorError("unreachable", `Cannot reach systemd: ${text}`);
  }
  if (/access denied|authentication (is )?required|permission denied/i.test(text)) {
    return new SupervisorError(
      "unauthorized",
      `Cannot drive "${service}" by systemd: expected the right to manage units, got "${text}"`,
    );
  }
  if (/not found|not loaded|no such file/i.test(text)) return unknown(service);
  return new SupervisorError(
    "failed",
    `Cannot drive "${service}" by systemd: ${text || `systemctl ended with ${code}`}`,
  );
}

function unknown(service: string): SupervisorError {
  return new SupervisorError(
    "unknown-service",
    `Cannot find the service at systemd: expected the name of a unit, got "${service}"`,
  );
}
