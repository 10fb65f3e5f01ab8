import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import type { BuiltInService } from "../config/sync-config.js";
import { signalGroup } from "../signal-group.js";
import { LogLines } from "../supervise/built-in/log-lines.js";
import type { ServedService } from "../supervise/built-in/serve-routes.js";
import type { WireState } from "../supervise/wire-state.js";
import { GUARDED, isAlive } from "./alive.js";
import { type FailedFile, readFailed, writeFailed } from "./failed-file.js";
import { fileIdentity } from "./file-identity.js";
import { type GuardPaths, SELF_SERVICE } from "./guard-paths.js";
import { endTrial, readTrial, writeTrial } from "./trial-file.js";

/** What it runs and how long it waits. */
export interface GuardedServiceOptions {
  readonly paths: GuardPaths;
  /** After the file: `["watch"]`. */
  readonly args: readonly string[];
  readonly cwd: string;
  /** From the start of a file to its mark of being alive. */
  readonly aliveWithinMs: number;
  /** SIGTERM, and SIGKILL after this. */
  readonly shutdownTimeoutMs: number;
  readonly backOff: { readonly firstMs: number; readonly lastMs: number };
  /** ms since epoch. */
  readonly now: () => number;
  readonly onChange: () => void;
  /** A line of the service. */
  readonly onLine: (line: string) => void;
  /** A sentence of the guard's own. */
  readonly say: (message: string) => void;
}

// As often as the engine takes up an attempt again before it takes the outages for the sign.
const MAX_TRIALS = 2;

interface Run {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly sha256: string;
  readonly startedAt: number;
  readonly ended: Promise<void>;
  isAlive: boolean;
  isStopping: boolean;
  /** Said of it when it is killed for it; null: nothing was wrong so far. */
  problem: string | null;
}

/**
 * The process that runs `tideline-sync watch`, from the active file or, where that one does not
 * start, from the kept copy. It is served as one service by process-compose's routes: that service
 * *is* the active file, so that one which runs the kept copy instead counts as not running.
 *
 * ```text
 * start --> runs the active file --said that it is alive--> goes on; settled when it is kept
 *              | on trial: it differs from the kept copy
 *              +--ended by itself, not alive in time, or the guard itself was ended before
 *              |  that, twice--> failed: runs the kept copy instead
 * ended by itself, not on trial --back-off--> start
 * restart, stop: SIGTERM, then SIGKILL
 * ```
 *
 * It swaps nothing. Who runs from the kept copy finds the journal, and takes the new file back by
 * the engine's own rules.
 */
export class GuardedService implements ServedService {
  readonly name = SELF_SERVICE;
  readonly service: BuiltInService;
  readonly #options: GuardedServiceOptions;
  readonly #log: LogLines;
  readonly #activeSha256: () => string | null;
  readonly #keptSha256: () => string | null;
  #failed: FailedFile | null;
  #run: Run | null = null;
  #waiting: NodeJS.Timeout | null = null;
  /** False from a stop to the next start. */
  #isWanted = false;
  #restarts = 0;
  #exitCode = 0;
  #delayMs: number;
  /** Start, stop and restart wait for each other. */
  #queue: Promise<void> = Promise.resolve();

  constructor(options: GuardedServiceOptions) {
    const { paths, args, cwd, shutdownTimeoutMs } = options;
    this.#options = options;
    this.#delayMs = options.backOff.firstMs;
    this.#log = new LogLines(options.onLine);
    this.#activeSha256 = fileIdentity(paths.active);
    this.#keptSha256 = fileIdentity(paths.kept);
    this.#failed = readFailed(paths.active);
    this.service = {
      command: [paths.active, ...args],
      ...{ folder: cwd, environment: {}, shutdownTimeoutMs },
      // Not asked by anybody: it says so itself. That there is something to wait for is what counts.
      readiness: { command: [paths.active, "--version"] },
    };
  }

  /** @throws {Error} If it runs already, or the active file is known not to start. */
  start(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#isActive()) throw new Error(`process ${this.name} is already running`);
      await this.#startAnew();
    });
  }

  /** Ends it with all that it has started. */
  stop(): Promise<void> {
    this.#isWanted = false;
    return this.#inTurn(() => this.#end());
  }

  /** Resolves once the new process is there. @throws {Error} As {@link start}. */
  restart(): Promise<void> {
    return this.#inTurn(() => this.#startAnew());
  }

  /** Starts whatever can be started, at the guard's own start. */
  begin(): Promise<void> {
    this.#isWanted = true;
    return this.#inTurn(() => this.#spawn());
  }

  /** Kills it without waiting its time out. */
  kill(): void {
    if (this.#run !== null) signalGroup(this.#run.pid, "SIGKILL");
  }

  logs(skip: number, count: number): string[] {
    return this.#log.range(skip, count);
  }

  state(): WireState {
    const run = this.#run;
    const isRunning = this.#isActive();
    return {
      name: this.name,
      status: this.#statusName(isRunning),
      is_running: isRunning,
      is_ready: isRunning && run?.isAlive ? "Ready" : "Not Ready",
      has_ready_probe: true,
      restarts: this.#restarts,
      // Of a file that failed, not of the kept copy that runs in its place.
      exit_code: this.#failedNow()?.exitCode ?? this.#exitCode,
      pid: run?.pid ?? 0,
    };
  }

  #statusName(isRunning: boolean): string {
    if (isRunning) return "Running";
    if (this.#run?.isStopping) return "Terminating";
    if (this.#waiting !== null) return "Restarting";
    return "Error";
  }

  /** Whether what runs is what lies at the active path now. */
  #isActive(): boolean {
    const run = this.#run;
    return run !== null && !run.isStopping && run.sha256 === this.#activeSha256();
  }

  /** The active file, if it is the one that failed. */
  #failedNow(): FailedFile | null {
    return this.#failed !== null && this.#failed.sha256 === this.#activeSha256()
      ? this.#failed
      : null;
  }

  async #startAnew(): Promise<void> {
    const failed = this.#failedNow();
    if (failed !== null) throw new Error(`${this.#options.paths.active} ${failed.problem}`);
    this.#isWanted = true;
    await this.#end();
    this.#delayMs = this.#options.backOff.firstMs;
    await this.#spawn();
  }

  /** Counts a start of a file on trial on the disk, before it is started; fails it after too many. */
  async #countTrial(): Promise<void> {
    const { paths, say } = this.#options;
    const active = this.#activeSha256();
    if (active === null || this.#failedNow() !== null || !this.#isOnTrial(active)) return;
    const before = readTrial(paths.active);
    const starts = before?.sha256 === active ? before.starts : 0;
    try {
      if (starts < MAX_TRIALS)
        await writeTrial(paths.active, { sha256: active, starts: starts + 1 });
    } catch (error) {
      say(error instanceof Error ? error.message : String(error));
    }
    if (starts < MAX_TRIALS) return;
    const problem = `was started ${starts} times, and never said that it is alive`;
    await this.#fail({ sha256: active, isAlive: false, problem }, 1);
  }

  async #endTrial(): Promise<void> {
    const { paths, say } = this.#options;
    await endTrial(paths.active).catch((error: Error) => say(error.message));
  }

  async #spawn(): Promise<void> {
    if (!this.#isWanted || this.#run !== null) return;
    await this.#countTrial();
    const { paths, args, cwd, aliveWithinMs, say, onChange } = this.#options;
    const active = this.#activeSha256();
    const kept = this.#keptSha256();
    const failed = this.#failedNow();
    const fallsBack = (active === null || failed !== null) && kept !== null;
    const file = fallsBack ? paths.kept : paths.active;
    const sha256 = (fallsBack ? kept : active) ?? "";
    if (fallsBack)
      say(`${paths.active} ${failed?.problem ?? "is gone"}; ${paths.kept} runs instead`);
    const child = spawn(process.execPath, [...process.execArgv, file, ...args], {
      cwd,
      env: { ...process.env, [GUARDED]: "1" },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      detached: true,
    });
    for (const pipe of [child.stdout, child.stderr]) {
      const { take, end } = this.#log.taker();
      pipe?.on("data", take).on("end", end);
    }
    // What cannot be started has no pid, and ends with "error" alone.
    const ended = new Promise<void>((resolve) => {
      child.once("exit", (code, signal) => {
        this.#onEnd(run, {
          code: code ?? 128 + (constants.signals[signal ?? "SIGHUP"] ?? 0),
          signal,
        });
        resolve();
      });
      child.once("error", (error) => {
        if (child.pid !== undefined) return;
        this.#log.add(`Cannot run "${file}": ${error.message}`);
        this.#onEnd(run, { code: 127, signal: null });
        resolve();
      });
    });
    const run: Run = {
      ...{ child, pid: child.pid ?? 0, sha256, startedAt: performance.now(), ended },
      ...{ isAlive: false, isStopping: false, problem: null },
    };
    this.#run = run;
    onChange();
    const timer = setTimeout(() => {
      if (!this.#isOnTrial(run.sha256)) {
        say(`${file} did not say within ${aliveWithinMs} ms that it is alive`);
        return;
      }
      run.problem = `did not say within ${aliveWithinMs} ms that it is alive`;
      signalGroup(run.pid, "SIGKILL");
    }, aliveWithinMs);
    void ended.then(() => clearTimeout(timer));
    child.on("message", (message) => {
      if (!isAlive(message) || run.isAlive) return;
      clearTimeout(timer);
      run.isAlive = true;
      void this.#endTrial();
      onChange();
    });
  }

  /** Whether it runs a file that nobody has found well yet, and there is another to fall back to. */
  #isOnTrial(sha256: string): boolean {
    const kept = this.#keptSha256();
    return kept !== null && kept !== sha256;
  }

  #onEnd(run: Run, { code, signal }: End): void {
    // What it has started and left behind would hold its port.
    signalGroup(run.pid, "SIGKILL");
    this.#run = null;
    this.#exitCode = code;
    const { backOff, onChange, say } = this.#options;
    if (run.isStopping) {
      onChange();
      return;
    }
    this.#restarts += 1;
    if (this.#isOnTrial(run.sha256) && !isOrderly(run, { code, signal })) {
      void this.#inTurn(async () => {
        await this.#fail(run, code);
        await this.#spawn();
      });
      return;
    }
    if (performance.now() - run.startedAt > backOff.lastMs) this.#delayMs = backOff.firstMs;
    say(`The service ended by itself with ${code}; it is started again in ${this.#delayMs} ms`);
    this.#waiting = setTimeout(() => {
      this.#waiting = null;
      void this.#inTurn(() => this.#spawn());
    }, this.#delayMs);
    this.#delayMs = Math.min(this.#delayMs * 2, backOff.lastMs);
    onChange();
  }

  async #fail(
    { sha256, isAlive, problem }: Pick<Run, "sha256" | "isAlive" | "problem">,
    code: number,
  ): Promise<void> {
    const { paths, now, say } = this.#options;
    const when = isAlive ? "before it was found well" : "before it said that it is alive";
    this.#failed = {
      ...{ sha256, problem: problem ?? `ended with ${code} ${when}`, at: now() },
      exitCode: code === 0 ? 1 : code,
    };
    this.#log.add(`${paths.active} ${this.#failed.problem}`);
    try {
      await writeFailed(paths.active, this.#failed);
      await endTrial(paths.active);
    } catch (error) {
      // It is known until the guard ends; a guard that starts after that finds it out once more.
      say(error instanceof Error ? error.message : String(error));
    }
  }

  async #end(): Promise<void> {
    if (this.#waiting !== null) clearTimeout(this.#waiting);
    this.#waiting = null;
    const run = this.#run;
    if (run === null) return;
    run.isStopping = true;
    this.#options.onChange();
    // The service alone: it ends what it has started in its own order.
    run.child.kill("SIGTERM");
    const timer = setTimeout(() => {
      const { shutdownTimeoutMs, say } = this.#options;
      say(`The service did not end within ${shutdownTimeoutMs} ms: killed`);
      signalGroup(run.pid, "SIGKILL");
    }, this.#options.shutdownTimeoutMs);
    await run.ended;
    clearTimeout(timer);
  }

  #inTurn(action: () => Promise<void>): Promise<void> {
    const mine = this.#queue.then(action);
    this.#queue = mine.catch(() => {});
    return mine;
  }
}

interface End {
  readonly code: number;
  readonly signal: NodeJS.Signals | null;
}

/** Somebody told it to end, as a machine that shuts down tells every process; that is no failure. */
function isOrderly({ isAlive }: Run, { code, signal }: End): boolean {
  return (isAlive && code === 0) || signal === "SIGTERM" || signal === "SIGINT";
}
