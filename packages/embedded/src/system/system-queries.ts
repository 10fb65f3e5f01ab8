/**
 * The built-in queries that the official CLI asks (`npx convex data`, `env`, `function-spec`, `run`).
 * They come like any query, from the socket or from HTTP, and are answered for the admin only.
 */
import type { Call } from "../calls.js";
import type { Database, EncodedValue, QueryOutcome, ReadSet, Runtime } from "../contract.js";
import { ANY_TABLE } from "../sync/subscriptions.js";
import { toFunctionSpecs } from "./function-specs.js";
import { readTableData } from "./table-data.js";

export interface SystemQueries {
  /**
   * Answers a system query.
   *
   * @returns null if the path is not one of the system's, so that the app's functions are asked.
   */
  run(call: Call): QueryOutcome | null;
}

/** What a system query reads from. */
export interface SystemContext {
  readonly database: Database;
  readonly runtime: Runtime;
  /** Where the deployment's functions are reached. */
  readonly url: string;
}

type Arguments = { readonly [name: string]: EncodedValue };
type SystemQuery = (context: SystemContext, args: Arguments) => EncodedValue;

const QUERIES: { readonly [path: string]: SystemQuery } = {
  "_system/cli/tables:default": ({ database }) => ({
    page: database.tableNames().map((name) => ({ name })),
    isDone: true,
    continueCursor: "",
  }),
  "_system/cli/tableData:default": ({ database }, args) => readTableData(database, args),
  "_system/cli/queryEnvironmentVariables:default": ({ database }) =>
    [...database.environmentVariables()].map(([name, value]) => ({ name, value })),
  "_system/cli/queryEnvironmentVariables:get": ({ database }, args) => {
    const name = String(args.name);
    const value = database.environmentVariables().get(name);
    return value === undefined ? null : { name, value };
  },
  "_system/cli/modules:apiSpec": ({ runtime }) => toFunctionSpecs(runtime.functionSpecs()),
  "_system/cli/convexUrl:cloudUrl": ({ url }) => url,
};

/** Everything in the database, so a client that watches stays right whatever is written. */
const EVERYTHING: ReadSet = { tableNames: new Set([ANY_TABLE]), isTouchedBy: () => true };

/** Makes the system queries of one deployment. */
export function createSystemQueries(context: SystemContext): SystemQueries {
  return {
    run(call) {
      if (!call.path.startsWith("_system/")) return null;
      const base = {
        logLines: [],
        readSet: EVERYTHING,
        journal: null,
        ts: context.database.latestTs,
        usedIdentity: true,
        usedClock: false,
      };
      const path = call.path.includes(":") ? call.path : `${call.path}:default`;
      const query = Object.hasOwn(QUERIES, path) ? QUERIES[path] : undefined;
      if (call.identity.kind !== "admin") {
        // The text that any missing or internal function gets.
        const name = path.replace(/:default$/, "");
        const errorMessage = `Could not find public function for '${name}'. Did you forget to run \`npx convex dev\`?`;
        return { ...base, ok: false, errorMessage };
      }
      if (query === undefined) {
        const errorMessage = `System function "${path}" is not supported by the embedded server yet`;
        return { ...base, ok: false, errorMessage };
      }
      try {
        const value = query(context, toArguments(call.args));
        return { ...base, ok: true, value: JSON.stringify(value) };
      } catch (error) {
        const errorMessage = error instanceof Error ? error.message : String(error);
        return { ...base, ok: false, errorMessage };
      }
    },
  };
}

function toArguments(args: EncodedValue): Arguments {
  const value = Array.isArray(args) ? (args[0] ?? {}) : args;
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw new TypeError("Cannot run the system query: expected its arguments in an object");
}
