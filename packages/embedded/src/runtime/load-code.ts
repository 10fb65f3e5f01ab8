import { createRequire } from "node:module";
import { join } from "node:path";
import { Script } from "node:vm";
import { type Bundle, bundleModules } from "./bundle-modules.js";
import { type CronSpec, readCrons } from "./cron-spec.js";
import { type LoadExecution, newLoadExecution, runAs } from "./execution.js";
import { findModules, type ModuleFile } from "./find-modules.js";
import { describeThrown } from "./function-error.js";
import {
  type FunctionGlobalsOptions,
  type Globals,
  isolateGlobals,
  nodeGlobals,
} from "./function-globals.js";
import type { HttpRouter } from "./http-router.js";
import { isHttpRouter } from "./http-router.js";
import { type RegisteredFunction, readExport } from "./registered-function.js";
import { StackTraces } from "./stack-traces.js";

/** Everything that one load of the folder gave. */
export interface LoadedCode {
  /** By identifier, `dir/file.js:name`. */
  readonly functions: ReadonlyMap<string, RegisteredFunction>;
  /** Module paths, also of those without functions. */
  readonly modules: ReadonlySet<string>;
  /** The default export of `http.ts`. */
  readonly router: HttpRouter | null;
  /** The jobs of `crons.ts`. */
  readonly crons: readonly CronSpec[];
  /** What `schema.ts` exports, parsed; null without one. */
  readonly schema: unknown;
  readonly stackTraces: StackTraces;
  /** Files that it was made of, with absolute paths. */
  readonly inputs: readonly string[];
  /** Warnings, and what modules logged while they were loaded. */
  readonly notes: readonly string[];
}

type Namespace = { readonly [name: string]: unknown };

let loads = 0;

/**
 * Bundles and evaluates the folder and reads what its modules export.
 *
 * @param dir The `convex/` folder.
 * @throws {Error} One sentence with file and line.
 */
export async function loadCode(dir: string, options: FunctionGlobalsOptions): Promise<LoadedCode> {
  const folder = findModules(dir);
  const stackTraces = new StackTraces();
  const namespaces = new Map<string, Namespace>();
  const inputs: string[] = [];
  const notes = [...folder.warnings];
  loads += 1;
  for (const environment of ["isolate", "node"] as const) {
    const modules = folder.modules.filter((module) => module.environment === environment);
    if (modules.length === 0) continue;
    const bundle = await bundleModules(dir, modules, environment);
    const globals =
      environment === "isolate"
        ? isolateGlobals(options)
        : nodeGlobals({ ...options, require: createRequire(join(dir, "_")) });
    const scriptName = `convex-${loads}-${environment}.js`;
    stackTraces.addScript(scriptName, bundle.sourceMap);
    const execution = newLoadExecution(options.now());
    const evaluated = evaluate(bundle, globals, scriptName, stackTraces, execution);
    notes.push(...execution.logLines.lines);
    for (const { path } of modules) namespaces.set(path, evaluated[path] ?? {});
    inputs.push(...bundle.inputs);
  }
  const functions = readFunctions(folder.modules, namespaces);
  const crons = namespaces.get("crons.js");
  return {
    functions,
    modules: new Set(namespaces.keys()),
    router: readRouter(namespaces.get("http.js")),
    crons: crons === undefined ? [] : readCrons(crons.default, functions),
    schema: readSchema(namespaces.get("schema.js")),
    stackTraces,
    inputs,
    notes,
  };
}

function evaluate(
  bundle: Bundle,
  globals: Globals,
  scriptName: string,
  stackTraces: StackTraces,
  execution: LoadExecution,
): { readonly [path: string]: Namespace } {
  const parameters = Object.keys(globals).join(", ");
  const script = new Script(
    `(function (${parameters}) {\n${bundle.source}\nreturn convexModules.namespaces;\n})`,
    // The bundle's first line is line 1, as its source map has it.
    { filename: scriptName, lineOffset: -1 },
  );
  try {
    return runAs(execution, () => script.runInThisContext()(...Object.values(globals)));
  } catch (thrown) {
    const { message } = describeThrown(thrown, stackTraces);
    const [headline = ""] = message.split("\n");
    const place = /\(\.\.\/([^)]*)\)/.exec(stackTraces.describe(thrown))?.[1];
    throw new Error(`Cannot load ${place ?? "the convex folder"}: ${headline}`, { cause: thrown });
  }
}

function readFunctions(
  modules: readonly ModuleFile[],
  namespaces: ReadonlyMap<string, Namespace>,
): Map<string, RegisteredFunction> {
  const functions = new Map<string, RegisteredFunction>();
  for (const { path, environment } of modules) {
    for (const [name, value] of Object.entries(namespaces.get(path) ?? {})) {
      const registered = readExport(path, name, value);
      if (registered === null) continue;
      checkPath(path);
      if (environment === "node" && registered.type !== "Action") {
        throw new Error(
          `\`${name}\` defined in \`${path}\` is a ${registered.type} function. Only actions can be defined in Node.js. See https://docs.convex.dev/functions/actions for more details.`,
        );
      }
      functions.set(registered.path.identifier, registered);
    }
  }
  return functions;
}

function checkPath(path: string): void {
  const wrong = path.split("/").find((component) => !/^[\w.]+$/.test(component));
  if (wrong === undefined) return;
  throw new Error(
    `${path} is not a valid path to a Convex module. Path component \`${wrong}\` can only contain alphanumeric characters, underscores, or periods.`,
  );
}

function readRouter(http: Namespace | undefined): HttpRouter | null {
  if (http === undefined) return null;
  if (isHttpRouter(http.default)) return http.default;
  throw new Error("The default export of `convex/http.ts` is not an HttpRouter");
}

function readSchema(schema: Namespace | undefined): unknown {
  if (schema === undefined) return null;
  const definition = schema.default;
  const isSchema =
    typeof definition === "object" &&
    definition !== null &&
    "export" in definition &&
    typeof definition.export === "function";
  if (!isSchema) throw new Error("The default export of `convex/schema.ts` is not a schema");
  return JSON.parse((definition.export as () => string)());
}
