/**
 * The client of process-compose's routes, which the built-in supervisor serves as well.
 * Which routes, and what they mean: src/api/routes.go and src/app of F1bonacc1/process-compose 1.120.
 */
import * as v from "valibot";
import { type LocalAnswer, localRequest } from "./local-request.js";
import { pause } from "./pause.js";
import { followStates } from "./state-stream.js";
import { type ServiceState, type Supervisor, SupervisorError } from "./supervisor.js";
import type { SupervisorAddress } from "./supervisor-address.js";
import { readWireState } from "./wire-state.js";

/** Which supervisor, and how to come in. */
export interface ProcessComposeOptions {
  readonly kind: "process-compose" | "built-in" | "guard";
  readonly address: SupervisorAddress;
  /** Value of `PC_API_TOKEN`; read anew for each call, so that a changed file counts. */
  readonly token: () => Promise<string | null>;
}

const TOKEN_HEADER = "X-PC-Token-Key";
const LOOK_TIMEOUT_MS = 10_000;
// Besides the time that the service itself is given to end.
const ACTION_TIMEOUT_MS = 30_000;
// While the stream is open it says when to look; this is for what it does not say.
const LOOK_EVERY_MS = 2_000;
const LOOK_WITHOUT_STREAM_MS = 400;
const LOOK_AFTER_HINT_MS = 50;
const START_AGAIN_MS = 200;

const INFO = v.object({
  readinessProbe: v.optional(v.unknown()),
  readyLogLine: v.optional(v.string()),
  shutDownParams: v.optional(v.object({ shutDownTimeout: v.optional(v.number()) })),
  restartPolicy: v.optional(v.object({ backoffSeconds: v.optional(v.number()) })),
});
const ERROR = v.object({ error: v.string() });
const LOGS = v.object({ logs: v.nullable(v.array(v.string())) });
const LIST = v.object({ data: v.nullable(v.array(v.object({ name: v.string() }))) });
const PROJECT = v.object({ version: v.string() });

interface ServiceInfo {
  readonly hasReadiness: boolean;
  readonly stopTimeoutMs: number;
}

/** Drives process-compose, or the built-in supervisor, by its routes. */
export class ProcessComposeSupervisor implements Supervisor {
  readonly kind: "process-compose" | "built-in" | "guard";
  readonly #options: ProcessComposeOptions;
  /** What is under way for each service; concurrent restarts have started a service three times (#347). */
  readonly #queues = new Map<string, Promise<void>>();

  constructor(options: ProcessComposeOptions) {
    this.kind = options.kind;
    this.#options = options;
  }

  async inspect(service: string, signal: AbortSignal): Promise<ServiceState> {
    const { hasReadiness } = await this.#info(service, signal);
    return await this.#look(service, hasReadiness, signal);
  }

  async restart(service: string, signal: AbortSignal): Promise<void> {
    await this.#inTurn(service, async () => {
      const { stopTimeoutMs } = await this.#info(service, signal);
      const timeoutMs = stopTimeoutMs + ACTION_TIMEOUT_MS;
      await this.#ask(service, "POST", `/process/restart/${name(service)}`, timeoutMs, signal);
    });
  }

  async start(service: string, signal: AbortSignal): Promise<void> {
    await this.#inTurn(service, async () => {
      const { hasReadiness, stopTimeoutMs } = await this.#info(service, signal);
      const deadline = Date.now() + stopTimeoutMs + ACTION_TIMEOUT_MS;
      for (;;) {
        if ((await this.#look(service, hasReadiness, signal)).isRunning) return;
        try {
          const path = `/process/start/${name(service)}`;
          return void (await this.#ask(service, "POST", path, ACTION_TIMEOUT_MS, signal));
        } catch (error) {
          // "Already running" is also said of one that is still ending, or waits for its restart.
          if (!isFailure(error) || Date.now() > deadline) throw error;
        }
        await pause(START_AGAIN_MS, signal);
        signal.throwIfAborted();
      }
    });
  }

  async stop(service: string, signal: AbortSignal): Promise<void> {
    await this.#inTurn(service, async () => {
      const { hasReadiness, stopTimeoutMs } = await this.#info(service, signal);
      const timeoutMs = stopTimeoutMs + ACTION_TIMEOUT_MS;
      try {
        await this.#ask(service, "PATCH", `/process/stop/${name(service)}`, timeoutMs, signal);
      } catch (error) {
        // That is also what it says of one that does not run.
        if (!isFailure(error)) throw error;
        if ((await this.#look(service, hasReadiness, signal)).isRunning) throw error;
      }
    });
  }

  async logs(service: string, lines: number, signal: AbortSignal): Promise<readonly string[]> {
    const path = `/process/logs/${name(service)}/0/${lines}`;
    const body = await this.#ask(service, "GET", path, LOOK_TIMEOUT_MS, signal);
    const parsed = v.safeParse(LOGS, body);
    if (!parsed.success) throw this.#notOurs(`${path} without "logs"`);
    return (parsed.output.logs ?? []).slice(-lines);
  }

  /** @throws {SupervisorError} `unknown-service`, when the supervisor has no service of that name any more. */
  async watch(
    service: string,
    onState: (state: ServiceState) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { hasReadiness } = await this.#info(service, signal);
    const ended = new AbortController();
    const end = () => ended.abort();
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) end();
    let isOpen = false;
    let wake = () => {};
    const hints = followStates(
      {
        ...{ address: this.#options.address, service, headers: await this.#headers() },
        onHint: () => wake(),
        onOpen: (open) => {
          isOpen = open;
        },
      },
      ended.signal,
    );
    try {
      let last = "";
      let unknownLooks = 0;
      while (!signal.aborted) {
        const hinted = new Promise<boolean>((resolve) => {
          wake = () => resolve(true);
        });
        try {
          const state = await this.#look(service, hasReadiness, signal);
          unknownLooks = 0;
          const text = JSON.stringify(state);
          if (text !== last && !signal.aborted) onState(state);
          last = text;
        } catch (error) {
          if (signal.aborted) break;
          // One that is being started may not have read its project yet; two answers are no chance.
          const isUnknown = error instanceof SupervisorError && error.kind === "unknown-service";
          unknownLooks = isUnknown ? unknownLooks + 1 : 0;
          if (unknownLooks > 1 || !(error instanceof SupervisorError)) throw error;
        }
        const wait = isOpen && unknownLooks === 0 ? LOOK_EVERY_MS : LOOK_WITHOUT_STREAM_MS;
        const wasHinted = await Promise.race([hinted, pause(wait, signal).then(() => false)]);
        // Not at once: the frame of a start comes before its pid is written down, and several
        // frames that come together are one look.
        if (wasHinted) await pause(LOOK_AFTER_HINT_MS, signal);
      }
    } finally {
      signal.removeEventListener("abort", end);
      end();
      await hints;
    }
  }

  /** The supervisor's own version: `"v1.120.0"`; for `doctor`. */
  async version(signal: AbortSignal): Promise<string> {
    const body = await this.#ask(null, "GET", "/project/state", LOOK_TIMEOUT_MS, signal);
    const parsed = v.safeParse(PROJECT, body);
    if (!parsed.success) throw this.#notOurs('/project/state without "version"');
    return parsed.output.version;
  }

  /** What `GET /process/info/{name}` says; for `doctor`. */
  async processInfo(service: string, signal: AbortSignal): Promise<unknown> {
    return await this.#ask(
      service,
      "GET",
      `/process/info/${name(service)}`,
      LOOK_TIMEOUT_MS,
      signal,
    );
  }

  /** The names that it has. */
  async services(signal: AbortSignal): Promise<readonly string[]> {
    const body = await this.#ask(null, "GET", "/processes", LOOK_TIMEOUT_MS, signal);
    const parsed = v.safeParse(LIST, body);
    if (!parsed.success) throw this.#notOurs('/processes without "data"');
    return (parsed.output.data ?? []).map((entry) => entry.name);
  }

  async #info(service: string, signal: AbortSignal): Promise<ServiceInfo> {
    const parsed = v.safeParse(INFO, await this.processInfo(service, signal));
    if (!parsed.success) throw this.#notOurs("/process/info in another shape");
    const { readinessProbe, readyLogLine, shutDownParams, restartPolicy } = parsed.output;
    const seconds = (shutDownParams?.shutDownTimeout ?? 0) + (restartPolicy?.backoffSeconds ?? 1);
    return {
      hasReadiness: Boolean(readinessProbe) || Boolean(readyLogLine),
      stopTimeoutMs: seconds * 1000,
    };
  }

  async #look(service: string, hasReadiness: boolean, signal: AbortSignal): Promise<ServiceState> {
    const path = `/process/${name(service)}`;
    const body = await this.#ask(service, "GET", path, LOOK_TIMEOUT_MS, signal);
    const state = readWireState(body, hasReadiness);
    if (state === null) throw this.#notOurs(`${path} in another shape`);
    return state;
  }

  async #ask(
    service: string | null,
    method: "GET" | "POST" | "PATCH",
    path: string,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<unknown> {
    const { address } = this.#options;
    const headers = await this.#headers();
    let answer: LocalAnswer;
    try {
      answer = await localRequest(address, { method, path, headers, timeoutMs, signal });
    } catch (cause) {
      signal.throwIfAborted();
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new SupervisorError(
        "unreachable",
        `Cannot reach ${this.#who} at "${address.text}": ${why}`,
        { cause },
      );
    }
    if (answer.status === 401) {
      throw new SupervisorError(
        "unauthorized",
        `Cannot use ${this.#who} at "${address.text}": expected its token in PC_API_TOKEN or in the file of PC_API_TOKEN_PATH, got ${headers[TOKEN_HEADER] === undefined ? "none" : "another"}`,
      );
    }
    const body = parseJson(answer.body);
    if (answer.status === 200 && body !== undefined) return body;
    const error = v.safeParse(ERROR, body);
    if (answer.status !== 400 || !error.success) {
      throw this.#notOurs(`status ${answer.status} for ${path}`);
    }
    // All its errors are 400; only the list says whether the name is the trouble.
    if (service !== null && !(await this.services(signal)).includes(service)) {
      throw new SupervisorError(
        "unknown-service",
        `Cannot find the service at ${this.#who}: expected one of its names, got "${service}"`,
      );
    }
    throw new SupervisorError(
      "failed",
      `Cannot drive "${service ?? path}" by ${this.#who}: ${error.output.error}`,
    );
  }

  async #headers(): Promise<Record<string, string>> {
    const token = await this.#options.token();
    return token === null ? {} : { [TOKEN_HEADER]: token };
  }

  async #inTurn(service: string, action: () => Promise<void>): Promise<void> {
    const before = this.#queues.get(service) ?? Promise.resolve();
    const mine = before.then(action);
    // The next one goes whether this one fails or not.
    const settled = mine.catch(() => {});
    this.#queues.set(service, settled);
    await mine;
  }

  get #who(): string {
    return NAMES[this.kind];
  }

  #notOurs(found: string): SupervisorError {
    const { text } = this.#options.address;
    return new SupervisorError(
      "unreachable",
      `Cannot use what listens at "${text}": expected ${this.#who}, got ${found}`,
    );
  }
}

const NAMES = {
  "process-compose": "process-compose",
  "built-in": "the built-in supervisor",
  guard: "the guard of tideline-sync",
} as const;

function name(service: string): string {
  return encodeURIComponent(service);
}

function isFailure(error: unknown): boolean {
  return error instanceof SupervisorError && error.kind === "failed";
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Undefined: what is no JSON comes from something that is no supervisor.
    return undefined;
  }
}
