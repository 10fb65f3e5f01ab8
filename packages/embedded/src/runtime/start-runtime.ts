import { resolve } from "node:path";
import type { Runtime } from "../contract.js";
import type { EmbeddedDatabase } from "../data/embedded-database.js";
import { convexGlobal } from "./convex-global.js";
import { startCronRunner } from "./cron-runner.js";
import type { Engine } from "./engine.js";
import { functionEnvironment } from "./function-environment.js";
import { runHttpAction } from "./http-actions.js";
import { type LoadedCode, loadCode } from "./load-code.js";
import { functionSpec } from "./registered-function.js";
import { guardRejections } from "./rejection-guard.js";
import { requestAction, requestAny, requestMutation, requestQuery } from "./request-function.js";
import type { Scheduler } from "./run-when-due.js";
import { startScheduler } from "./scheduler.js";
import { StackTraces } from "./stack-traces.js";
import { syncCrons } from "./sync-crons.js";
import { type FolderWatch, watchFolder } from "./watch-folder.js";

export interface StartRuntimeOptions {
  /** The `convex/` folder. */
  readonly dir: string;
  /** Opened with `SCHEDULER_TABLES` among its system tables. */
  readonly database: EmbeddedDatabase;
  /** Variables laid under those of the database. @default None */
  readonly env?: { readonly [name: string]: string };
  /** `CONVEX_CLOUD_URL`; read at every use, so it may be a getter. */
  readonly cloudUrl: string;
  /** `CONVEX_SITE_URL`; read at every use, so it may be a getter. */
  readonly siteUrl: string;
  /** ms since epoch. @default Date.now */
  readonly now?: () => number;
  /** Warnings, and what functions without a caller log. @default Nowhere */
  readonly log?: (line: string) => void;
  /** Reload the folder when a file in it changes. @default false */
  readonly watch?: boolean;
  /** How long `close` waits for what runs. @default 10 s */
  readonly closeTimeoutMs?: number;
}

// Queries and mutations end in a second; an action may take minutes, or never end.
const CLOSE_TIMEOUT_MS = 10_000;

/**
 * Bundles and loads the folder, makes its schema the database's, and starts the scheduler and the cron jobs.
 *
 * Queries and mutations of more than a second are ended when they wait and only reported when
 * they compute: nothing else runs while they do.
 *
 * @throws {Error} One sentence with file and line if the folder cannot be bundled or loaded, or
 *   if a stored document does not fit its schema.
 */
export async function startRuntime(options: StartRuntimeOptions): Promise<Runtime> {
  const { database, now = Date.now, log = () => {} } = options;
  const dir = resolve(options.dir);
  const environment = functionEnvironment({
    database,
    env: options.env ?? {},
    cloudUrl: () => options.cloudUrl,
    siteUrl: () => options.siteUrl,
  });
  const engine: Engine = { code: NO_CODE, database, now, log };
  const globals = { convex: convexGlobal(engine), env: environment.env, now };
  const listeners = new Set<() => void>();
  let folderWatch: FolderWatch | undefined;

  const load = async (): Promise<void> => {
    const code = await loadCode(dir, globals);
    const problem = database.setSchema(code.schema);
    if (problem !== null) throw new Error(problem.message);
    engine.code = code;
    await syncCrons(engine, code.crons);
    for (const line of code.notes) log(line);
    for (const listener of listeners) listener();
    folderWatch?.follow(code.inputs);
  };
  // One at a time: the files may change again while they are being bundled.
  let lastLoad = load();
  const reload = (): Promise<void> => {
    lastLoad = lastLoad.catch(() => {}).then(load);
    return lastLoad;
  };

  const releaseRejections = guardRejections();
  let schedulers: readonly Scheduler[];
  try {
    await lastLoad;
    schedulers = [await startScheduler(engine), await startCronRunner(engine)];
  } catch (error) {
    environment.close();
    releaseRejections();
    throw error;
  }
  if (options.watch === true) {
    folderWatch = watchFolder(dir, () => {
      reload().then(
        () => log("Functions reloaded"),
        (error: unknown) => log(error instanceof Error ? error.message : String(error)),
      );
    });
    folderWatch.follow(engine.code.inputs);
  }

  const running = new Set<Promise<unknown>>();
  const track = <Outcome>(call: Promise<Outcome>): Promise<Outcome> => {
    running.add(call);
    const done = (): boolean => running.delete(call);
    call.then(done, done);
    return call;
  };

  return {
    runQuery: (request, query) => track(requestQuery(engine, request, query?.journal ?? null)),
    runMutation: (request, mutation) => track(requestMutation(engine, request, mutation?.session)),
    runAction: (request) => track(requestAction(engine, request)),
    runAny: (request) => track(requestAny(engine, request)),
    runHttpAction: (request, identity) => track(runHttpAction(engine, request, identity)),
    functionSpecs: () => [...engine.code.functions.values()].map(functionSpec),
    reload,
    onReload(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      folderWatch?.close();
      const ended = Promise.allSettled([
        ...schedulers.map((scheduler) => scheduler.close()),
        lastLoad,
        ...running,
      ]);
      await orTimeout(ended, options.closeTimeoutMs ?? CLOSE_TIMEOUT_MS);
      environment.close();
      releaseRejections();
    },
  };
}

/** Resolves when the promise does, or when the time is up. */
function orTimeout(promise: Promise<unknown>, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    void promise.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

const NO_CODE: LoadedCode = {
  functions: new Map(),
  modules: new Set(),
  router: null,
  crons: [],
  schema: null,
  stackTraces: new StackTraces(),
  inputs: [],
  notes: [],
};
