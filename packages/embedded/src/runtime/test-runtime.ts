/** For tests: a runtime over a `convex/` folder that the test writes down. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { EncodedValue, FunctionRequest, Runtime } from "../contract.js";
import type { EmbeddedDatabase } from "../data/embedded-database.js";
import { openDatabase } from "../data/open-database.js";
import { SCHEDULER_TABLES } from "./scheduler-tables.js";
import { startRuntime } from "./start-runtime.js";

// Inside the repository, where `convex/server` can be resolved, and out of git's sight.
const CACHE = fileURLToPath(new URL("../../node_modules/.cache/runtime-tests", import.meta.url));

/** Makes an empty folder; modules in its `convex/` can be bundled. */
export function makeTestFolder(): string {
  mkdirSync(CACHE, { recursive: true });
  return mkdtempSync(join(CACHE, "run-"));
}

// One line, so that the test's first line is line 2.
const HEADER =
  'import { queryGeneric as query, internalQueryGeneric as internalQuery, mutationGeneric as mutation, internalMutationGeneric as internalMutation, actionGeneric as action, internalActionGeneric as internalAction, httpActionGeneric as httpAction, httpRouter, defineSchema, defineTable, createFunctionHandle } from "convex/server"; import { v, ConvexError } from "convex/values";\n';

const USE_NODE = '"use node";';

export interface TestRuntime {
  readonly runtime: Runtime;
  readonly database: EmbeddedDatabase;
  /** What went to `log`. */
  readonly logged: string[];
  /** Writes a module as is; the header with `query`, `v` and so on is put before it. */
  write(files: Files): void;
  query(
    path: string,
    args?: EncodedValue,
    more?: Partial<FunctionRequest>,
  ): ReturnType<Runtime["runQuery"]>;
  mutation(
    path: string,
    args?: EncodedValue,
    more?: Partial<FunctionRequest>,
  ): ReturnType<Runtime["runMutation"]>;
  action(
    path: string,
    args?: EncodedValue,
    more?: Partial<FunctionRequest>,
  ): ReturnType<Runtime["runAction"]>;
  /** Resolves when the condition holds, which is looked at after every commit. */
  until(condition: () => Promise<boolean>): Promise<void>;
  /** Closes the runtime and the database and starts both anew on the same files. */
  restart(options?: TestOptions): Promise<TestRuntime>;
  /** Closes all and deletes the folder. */
  close(): Promise<void>;
}

export type Files = { readonly [path: string]: string };

export interface TestOptions {
  readonly now?: () => number;
  readonly env?: { readonly [name: string]: string };
  readonly watch?: boolean;
  readonly closeTimeoutMs?: number;
}

/** Starts a runtime on a new folder with these modules. */
export async function openTestRuntime(
  files: Files,
  options: TestOptions = {},
): Promise<TestRuntime> {
  const root = makeTestFolder();
  writeFiles(root, files);
  try {
    return await open(root, options);
  } catch (error) {
    rmSync(root, { recursive: true, force: true });
    throw error;
  }
}

async function open(root: string, options: TestOptions): Promise<TestRuntime> {
  const { now = Date.now } = options;
  const logged: string[] = [];
  const database = openDatabase({
    path: join(root, "data", "database.sqlite"),
    systemTables: SCHEDULER_TABLES,
    now,
  });
  const close = async (): Promise<void> => {
    await runtime.close();
    await database.close();
  };
  let runtime: Runtime;
  try {
    runtime = await startRuntime({
      ...options,
      dir: join(root, "convex"),
      database,
      cloudUrl: "http://127.0.0.1:3210",
      siteUrl: "http://127.0.0.1:3211",
      log: (line) => logged.push(line),
    });
  } catch (error) {
    await database.close();
    throw error;
  }
  const request = (
    path: string,
    args: EncodedValue = {},
    more: Partial<FunctionRequest> = {},
  ): FunctionRequest => ({
    path,
    args,
    identity: { kind: "none" },
    requestId: "0123456789abcdef",
    ...more,
  });
  return {
    runtime,
    database,
    logged,
    write: (files) => writeFiles(root, files),
    query: (...call) => runtime.runQuery(request(...call)),
    mutation: (...call) => runtime.runMutation(request(...call)),
    action: (...call) => runtime.runAction(request(...call)),
    until: (condition) => untilCommitted(database, condition),
    async restart(next = options) {
      await close();
      return open(root, next);
    },
    async close() {
      await close().finally(() => rmSync(root, { recursive: true, force: true }));
    },
  };
}

/** Writes modules into the `convex/` folder, each with the header of imports before it. */
export function writeFiles(root: string, files: Files): void {
  for (const [path, source] of Object.entries(files)) {
    const file = join(root, "convex", path);
    mkdirSync(dirname(file), { recursive: true });
    const directive = source.startsWith(USE_NODE) ? USE_NODE : "";
    writeFileSync(file, directive + HEADER + source);
  }
}

async function untilCommitted(
  database: EmbeddedDatabase,
  condition: () => Promise<boolean>,
): Promise<void> {
  let wake = (): void => {};
  const nextCommit = () => new Promise<void>((resolve) => (wake = resolve));
  let committed = nextCommit();
  const unsubscribe = database.onCommit(() => wake());
  try {
    while (!(await condition())) {
      await committed;
      committed = nextCommit();
    }
  } finally {
    unsubscribe();
  }
}
