import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import type { BuiltInService } from "../../config/sync-config.js";
import { signalGroup } from "../../signal-group.js";
import type { WireState } from "../wire-state.js";
import { LogLines } from "./log-lines.js";
import { type ProbePace, probeReadiness } from "./readiness.js";

/** What a service needs of the supervisor around it. */
export interface ServiceHost {
  readonly pace: ProbePace;
  /** Before a service that ended by itself is started again: doubles from `firstMs` to `lastMs`. */
  readonly backOff: { readonly firstMs: number; readonly lastMs: number };
  /** Something of its state has changed. */
  readonly onChange: (service: ManagedService) => void;
  readonly onLine: (service: ManagedService, line: string) => void;
}

/**
 * ```text
 * stopped -- start --> running -- ended by itself --> waiting -- back-off --> running
 * running -- stop, restart --> stopping -- ended, or killed --> stopped, or running again
 * waiting -- stop --> stopped;  waiting -- start, restart --> running
 * ```
 */
type Phase =
  | { readonly kind: "stopped" }
  | { readonly kind: "waiting"; readonly timer: NodeJS.Timeout }
  | Running;

interface Running {
  readonly kind: "running" | "stopping";
  readonly child: ChildProcess;
  readonly pid: number;
  readonly startedAt: number;
  readonly probing: AbortController;
  readonly ended: Promise<void>;
}

/** One service: a process in a group of its own that is started again when it ends by itself. */
export class ManagedService {
  readonly name: string;
  readonly service: BuiltInService;
  readonly #host: ServiceHost;
  readonly #log: LogLines;
  #phase: Phase = { kind: "stopped" };
  #isReady = false;
  #restarts = 0;
  #exitCode = 0;
  #lastPid = 0;
  #hasRun = false;
  #delayMs: number;
  /** Start, stop and restart wait for each other. */
  #queue: Promise<void> = Promise.resolve();

  constructor(name: string, service: BuiltInService, host: ServiceHost) {
    this.name = name;
    this.service = service;
    this.#host = host;
    this.#delayMs = host.backOff.firstMs;
    this.#log = new LogLines((line) => host.onLine(this, line));
  }

  /** @throws {Error} If it runs already, or cannot be run at all; the latter is tried again by itself. */
  start(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#phase.kind === "running") {
        throw new Error(`process ${this.name} is already running`);
      }
      await this.#startAnew();
    });
  }

  /** Ends it with all that it has started: SIGTERM, and SIGKILL when its time is over. */
  stop(): Promise<void> {
    return this.#inTurn(() => this.#end());
  }

  /** Resolves once the new process is there, before it is ready. */
  restart(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#end();
      await this.#startAnew();
    });
  }

  /** Kills it without waiting its time out; for a supervisor that must end now. */
  kill(): void {
    if (this.#phase.kind === "running" || this.#phase.kind === "stopping") {
      signalGroup(this.#phase.pid, "SIGKILL");
    }
  }

  logs(skip: number, count: number): string[] {
    return this.#log.range(skip, count);
  }

  /** Its process, or null. */
  get pid(): number | null {
    const phase = this.#phase;
    return phase.kind === "running" || phase.kind === "stopping" ? phase.pid : null;
  }

  state(): WireState {
    const isRunning = this.#phase.kind === "running";
    const hasProbe = this.service.readiness !== null;
    const readiness = this.#isReady ? "Ready" : "Not Ready";
    return {
      name: this.name,
      status: this.#statusName(),
      is_running: isRunning,
      is_ready: isRunning && hasProbe ? readiness : "-",
      has_ready_probe: hasProbe,
      restarts: this.#restarts,
      exit_code: this.#exitCode,
      pid: this.#lastPid,
    };
  }

  #statusName(): string {
    switch (this.#phase.kind) {
      case "running":
        return "Running";
      case "stopping":
        return "Terminating";
      case "waiting":
        return "Restarting";
      case "stopped":
        return this.#hasRun ? "Completed" : "Pending";
      default:
        this.#phase satisfies never;
        return "Unknown";
    }
  }

  async #startAnew(): Promise<void> {
    if (this.#phase.kind === "waiting") clearTimeout(this.#phase.timer);
    this.#phase = { kind: "stopped" };
    this.#delayMs = this.#host.backOff.firstMs;
    await this.#spawn();
  }

  async #spawn(): Promise<void> {
    const [program = "", ...args] = this.service.command;
    this.#hasRun = true;
    const child = spawn(program, args, {
      cwd: this.service.folder,
      env: { ...process.env, ...this.service.environment },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    for (const pipe of [child.stdout, child.stderr]) {
      const { take, end } = this.#log.taker();
      pipe.on("data", take).on("end", end);
    }
    const error = await new Promise<Error | null>((resolve) => {
      child.once("spawn", () => resolve(null));
      child.once("error", resolve);
    });
    const pid = child.pid;
    if (error !== null || pid === undefined) {
      // 127, as a shell says it of what it cannot run.
      this.#exitCode = 127;
      this.#log.add(`Cannot run "${program}": ${error?.message ?? "no process"}`);
      this.#wait();
      throw new Error(`Cannot run "${program}" of ${this.name}: ${error?.message ?? "no process"}`);
    }
    this.#run(child, pid);
  }

  #run(child: ChildProcess, pid: number): void {
    const probing = new AbortController();
    const ended = new Promise<void>((resolve) => {
      const onExit = (code: number | null, signal: NodeJS.Signals | null) => {
        this.#onEnd(pid, code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
        void groupGone(pid).then(resolve);
      };
      // It may have ended between "spawn" and now.
      if (child.exitCode === null && child.signalCode === null) child.once("exit", onExit);
      else setImmediate(onExit, child.exitCode, child.signalCode);
    });
    this.#lastPid = pid;
    this.#isReady = false;
    this.#phase = { kind: "running", child, pid, startedAt: performance.now(), probing, ended };
    this.#host.onChange(this);
    if (this.service.readiness === null) return;
    const onReady = (isReady: boolean) => {
      this.#isReady = isReady;
      this.#host.onChange(this);
    };
    const { service } = this;
    void probeReadiness({ service, pid, pace: this.#host.pace, onReady }, probing.signal);
  }

  #onEnd(pid: number, code: number): void {
    const phase = this.#phase;
    if (phase.kind !== "running" && phase.kind !== "stopping") return;
    phase.probing.abort();
    // What it has started and left behind would hold its port.
    signalGroup(pid, "SIGKILL");
    this.#exitCode = code;
    this.#isReady = false;
    if (phase.kind === "stopping") {
      this.#phase = { kind: "stopped" };
      this.#host.onChange(this);
      return;
    }
    // Longer than the longest delay: then it is no loop.
    const { firstMs, lastMs } = this.#host.backOff;
    if (performance.now() - phase.startedAt > lastMs) this.#delayMs = firstMs;
    this.#log.add(`${this.name} ended by itself with ${code}`);
    this.#wait();
  }

  #wait(): void {
    const timer = setTimeout(() => {
      void this.#inTurn(async () => {
        if (this.#phase.kind !== "waiting" || this.#phase.timer !== timer) return;
        // One that cannot be run has said so in its log, and waits again.
        await this.#spawn().catch(() => {});
      });
    }, this.#delayMs);
    this.#delayMs = Math.min(this.#delayMs * 2, this.#host.backOff.lastMs);
    this.#restarts += 1;
    this.#phase = { kind: "waiting", timer };
    this.#host.onChange(this);
  }

  async #end(): Promise<void> {
    const phase = this.#phase;
    if (phase.kind === "waiting") {
      clearTimeout(phase.timer);
      this.#phase = { kind: "stopped" };
      this.#host.onChange(this);
    }
    if (phase.kind !== "running") return;
    this.#phase = { ...phase, kind: "stopping" };
    phase.probing.abort();
    this.#host.onChange(this);
    signalGroup(phase.pid, "SIGTERM");
    const timer = setTimeout(() => {
      this.#log.add(`${this.name} did not end within ${this.service.shutdownTimeoutMs} ms: killed`);
      signalGroup(phase.pid, "SIGKILL");
    }, this.service.shutdownTimeoutMs);
    await phase.ended;
    clearTimeout(timer);
  }

  #inTurn(action: () => Promise<void>): Promise<void> {
    const mine = this.#queue.then(action);
    this.#queue = mine.catch(() => {});
    return mine;
  }
}

// A killed process is gone within a few ms; one that nobody reaps, in a container without an init,
// stays as a zombie, which holds no port.
const GONE_TRIES = 60;
const GONE_PAUSE_MS = 5;

/** Resolves when nobody of the group is left, as a port is free only then; or after 300 ms. */
async function groupGone(pid: number): Promise<void> {
  for (let tries = 0; tries < GONE_TRIES; tries++) {
    try {
      process.kill(-pid, 0);
    } catch {
      return;
    }
    await wait(GONE_PAUSE_MS);
  }
}
