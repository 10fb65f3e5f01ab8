import { dirname, join, relative, sep } from "node:path";
import { type BuildFailure, build, type Message, type Plugin } from "esbuild";
import type { ModuleFile } from "./find-modules.js";

/** One script that evaluates to an object of module namespaces. */
export interface Bundle {
  /** Defines the variable `convexModules`: module path to namespace. */
  readonly source: string;
  /** Source map, parsed; its sources are named like `../convex/file.ts`. */
  readonly sourceMap: unknown;
  /** Absolute paths of the files that went in. */
  readonly inputs: readonly string[];
}

/**
 * Bundles modules into one script, with the settings that the official bundler uses.
 *
 * @param dir The `convex/` folder.
 * @throws {Error} One sentence with file, line and column of the first thing that is wrong.
 */
export async function bundleModules(
  dir: string,
  modules: readonly ModuleFile[],
  environment: ModuleFile["environment"],
): Promise<Bundle> {
  const root = dirname(dir);
  try {
    const result = await build({
      stdin: { contents: entrySource(dir, modules), resolveDir: dir, sourcefile: "modules.js" },
      absWorkingDir: root,
      bundle: true,
      platform: environment === "node" ? "node" : "browser",
      format: "iife",
      globalName: "convexModules",
      target: "esnext",
      jsx: "automatic",
      // Sources in the map are named relative to this, and stack lines are known by that name.
      outfile: join(root, "out", "modules.js"),
      conditions: ["convex", "module"],
      // An import() that is left becomes a call of require(), which the loader answers.
      supported: { "dynamic-import": false },
      define: { "process.env.NODE_ENV": '"production"' },
      plugins: [
        serverOnlyStub,
        ...(environment === "isolate" ? [asyncHooksShim, checkedImports] : []),
      ],
      write: false,
      sourcemap: "external",
      sourcesContent: false,
      treeShaking: true,
      keepNames: true,
      metafile: true,
      logLevel: "silent",
    });
    const [map, script] = [".map", ".js"].map((end) =>
      result.outputFiles.find((file) => file.path.endsWith(end)),
    );
    if (map === undefined || script === undefined) throw new Error("The bundler gave no output");
    return {
      source: script.text,
      sourceMap: JSON.parse(map.text),
      inputs: Object.keys(result.metafile.inputs).map((input) => join(root, input)),
    };
  } catch (error) {
    throw isBuildFailure(error) ? bundleError(error, environment) : error;
  }
}

function entrySource(dir: string, modules: readonly ModuleFile[]): string {
  const names = modules.map((_, index) => `module${index}`);
  const imports = modules.map(({ file }, index) => {
    const path = `./${relative(dir, file).split(sep).join("/")}`;
    return `import * as ${names[index]} from ${JSON.stringify(path)};`;
  });
  const entries = modules.map(({ path }, index) => `${JSON.stringify(path)}: ${names[index]},`);
  return [...imports, "export const namespaces = {", ...entries, "};"].join("\n");
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && "errors" in error && Array.isArray(error.errors);
}

function bundleError(failure: BuildFailure, environment: ModuleFile["environment"]): Error {
  const [first] = failure.errors;
  if (first === undefined) return failure;
  const more = failure.errors.length > 1 ? ` (and ${failure.errors.length - 1} more)` : "";
  const needsNode =
    environment === "isolate" && first.notes.some(({ text }) => text.includes("bundle for node"));
  const hint = needsNode ? '; Node.js modules need the "use node" directive' : "";
  return new Error(`Cannot bundle ${place(first)}: ${first.text}${hint}${more}`, {
    cause: failure,
  });
}

function place({ location }: Message): string {
  if (location === null) return "the convex folder";
  return `${location.file}:${location.line}:${location.column + 1}`;
}

// Packages import it to fail in browser bundles; functions do run on a server.
const serverOnlyStub: Plugin = {
  name: "server-only",
  setup(build) {
    build.onResolve({ filter: /^server-only$/ }, ({ path }) => ({ path, namespace: "empty" }));
    build.onLoad({ filter: /.*/, namespace: "empty" }, () => ({ contents: "" }));
  },
};

// The cloud's runtime has these two as globals, and no module of that name.
const asyncHooksShim: Plugin = {
  name: "async-hooks",
  setup(build) {
    build.onResolve({ filter: /^(?:node:)?async_hooks$/ }, ({ path }) => ({
      path,
      namespace: "async-hooks",
    }));
    build.onLoad({ filter: /.*/, namespace: "async-hooks" }, () => ({
      contents:
        "export const { AsyncLocalStorage, AsyncResource } = globalThis;\n" +
        "export default { AsyncLocalStorage, AsyncResource };",
    }));
  },
};

/** The global that code bundled for the isolate calls before each `import()`. */
export const CHECK_IMPORT = "__checkDynamicImport";

/**
 * Bundles `import("./file")` behind a check, since queries and mutations may not do it. The module
 * between is asked for its exports at every import, and each time checks before it answers.
 */
const checkedImports: Plugin = {
  name: "checked-imports",
  setup(build) {
    build.onResolve({ filter: /.*/ }, async ({ kind, path, importer, resolveDir, pluginData }) => {
      if (kind !== "dynamic-import" || pluginData === RESOLVING) return undefined;
      const options = { kind, importer, resolveDir, pluginData: RESOLVING };
      const resolved = await build.resolve(path, options);
      if (resolved.errors.length > 0) return { errors: resolved.errors };
      if (resolved.external) return resolved;
      const data = { specifier: path, resolveDir };
      return { path: resolved.path, namespace: "checked-import", pluginData: data };
    });
    build.onLoad({ filter: /.*/, namespace: "checked-import" }, ({ path, pluginData }) => ({
      contents: `Object.defineProperty(module, "exports", {
        get() {
          ${CHECK_IMPORT}(${JSON.stringify(pluginData.specifier)});
          return require(${JSON.stringify(path)});
        },
      });`,
      resolveDir: pluginData.resolveDir,
    }));
  },
};

const RESOLVING = Symbol("resolving");
