import { readdirSync, readFileSync } from "node:fs";
import { extname, join, relative, sep } from "node:path";

/** A file of the `convex/` folder that is bundled as a module of its own. */
export interface ModuleFile {
  /** Absolute path. */
  readonly file: string;
  /** As functions name it: `dir/file.js`. */
  readonly path: string;
  /** Where the cloud would run it; `"use node"` asks for `node`. */
  readonly environment: "isolate" | "node";
}

/** What the folder holds: its modules, and files with a meaning that is not ours to give. */
export interface ConvexFolder {
  readonly modules: readonly ModuleFile[];
  /** Sentences on files that this server passes over. */
  readonly warnings: readonly string[];
}

const MODULE_EXTENSIONS = new Set([".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs"]);

const UNSUPPORTED_FILES: { readonly [name: string]: string } = {
  "auth.config": "users' tokens are not supported by the embedded server yet",
  "convex.config": "components are not supported by the embedded server yet",
};

// What may come before a directive: a hashbang, comments and other directives.
const USE_NODE =
  /^(?:#![^\n]*\n)?(?:\s|\/\/[^\n]*\n|\/\*[\s\S]*?\*\/|(?:"[^"\n]*"|'[^'\n]*')\s*;?)*?(?:"use node"|'use node')\s*(?:;|\n|$)/;

/**
 * Finds the modules of a `convex/` folder by the official bundler's rules: not in `_generated`, no
 * dotfile, no second dot in the name, and for TypeScript at least one import or export.
 *
 * @throws {Error} If the folder cannot be read, or if `"use node"` stands where it may not.
 */
export function findModules(dir: string): ConvexFolder {
  const modules: ModuleFile[] = [];
  const warnings: string[] = [];
  for (const file of walk(dir)) {
    const name = relative(dir, file).split(sep).join("/");
    const extension = extname(name);
    if (!MODULE_EXTENSIONS.has(extension)) continue;
    const stem = name.slice(0, -extension.length);
    const unsupported = UNSUPPORTED_FILES[stem];
    if (unsupported !== undefined) {
      warnings.push(`${unsupported}: ${name} is passed over`);
      continue;
    }
    if (!isModuleName(name)) continue;
    const source = readFileSync(file, "utf8");
    if (/\.tsx?$/.test(name) && !/^\s*(?:import|export)/m.test(source)) continue;
    const environment = source.includes("use node") && USE_NODE.test(source) ? "node" : "isolate";
    if (environment === "node" && ["crons", "http", "schema"].includes(stem)) {
      throw new Error(`"use node" directive is not allowed for ${name}.`);
    }
    modules.push({ file, path: `${stem}.js`, environment });
  }
  return { modules, warnings };
}

function* walk(dir: string): Generator<string> {
  const entries = readdirSync(dir, { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(dir, entry.name);
    if (entry.isFile()) yield path;
    else if (entry.isDirectory() && entry.name !== "node_modules") yield* walk(path);
  }
}

function isModuleName(name: string): boolean {
  const base = name.slice(name.lastIndexOf("/") + 1);
  return (
    !name.startsWith("_generated/") &&
    !/^[.#]/.test(base) &&
    !name.includes(" ") &&
    base.indexOf(".") === base.lastIndexOf(".")
  );
}
