/**
 * `tideline-sync` as one file: everything it is made of in one script that needs only Node, no
 * package.json and no node_modules beside it.
 *
 *   npm run build:sync [-- --out FILE]
 */
import { execFile } from "node:child_process";
import { chmod, mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { dirname, join, resolve } from "node:path";
import { performance } from "node:perf_hooks";
import { pathToFileURL } from "node:url";
import { parseArgs, promisify } from "node:util";
import { build, defaultServerConditions } from "vite";
import { REPOSITORY } from "./build-app.js";
import { runScript, ScriptError } from "./script-error.js";

const FLEET = join(REPOSITORY, "packages/fleet");
// The floor of packages/fleet/package.json.
const NODE_FLOOR = [20, 19] as const;

/** How it is built. */
export interface BuildSyncOptions {
  /** @default packages/fleet/dist/tideline-sync */
  readonly outFile?: string;
  /** @default that of packages/fleet/package.json */
  readonly version?: string;
}

/** What was built. */
export interface BuiltSync {
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  readonly version: string;
}

/**
 * Builds the one-file executable. Two builds of one commit give the same bytes.
 *
 * @throws {ScriptError} If something of it would have to be loaded from elsewhere.
 */
export async function buildSync(options: BuildSyncOptions = {}): Promise<BuiltSync> {
  const outFile = resolve(options.outFile ?? join(FLEET, "dist/tideline-sync"));
  const version = options.version ?? (await packageVersion());
  const { code, moduleIds } = await bundle({ version, ...(await readCommit()) });
  const text = `${head(version)}${code.trimEnd()}\n${foot(await licences(moduleIds))}`;
  await mkdir(dirname(outFile), { recursive: true });
  // By rename: somebody may run the old one just now.
  const temporary = `${outFile}.${process.pid}.tmp`;
  await writeFile(temporary, text);
  await chmod(temporary, 0o755);
  await rename(temporary, outFile);
  return { path: outFile, size: Buffer.byteLength(text), version };
}

async function bundle(
  syncBuild: object,
): Promise<{ readonly code: string; readonly moduleIds: readonly string[] }> {
  const result = await build({
    configFile: false,
    logLevel: "error",
    root: FLEET,
    define: {
      __TIDELINE_SYNC_BUILD__: JSON.stringify(syncBuild),
      // Only what reads the sources' own files asks for it, which the line above leaves out.
      "import.meta.url": "undefined",
    },
    ssr: {
      noExternal: true,
      resolve: { conditions: ["convex", ...defaultServerConditions] },
    },
    build: {
      ssr: "src/main.ts",
      write: false,
      target: `node${NODE_FLOOR.join(".")}`,
      // Names stay: a stack that somebody sends us says where it was.
      minify: false,
      rolldownOptions: {
        output: {
          format: "cjs",
          codeSplitting: false,
          minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
        },
      },
    },
  });
  const [output] = [result].flat();
  const [chunk, ...others] = output !== undefined && "output" in output ? output.output : [];
  if (chunk?.type !== "chunk" || others.length > 0) {
    throw new ScriptError("Cannot build tideline-sync: expected one file, got more");
  }
  const foreign = chunk.imports.filter((name) => !isBuiltin(name));
  if (foreign.length > 0) {
    const names = foreign.join(", ");
    throw new ScriptError(`Cannot build tideline-sync: expected everything inside, got ${names}`);
  }
  return { code: chunk.code.replace(/^#!.*\n/, ""), moduleIds: Object.keys(chunk.modules) };
}

/**
 * A file without an extension is CommonJS or a module, by the nearest package.json of wherever it
 * lies. So it is written as neither: Node's own modules are had from `process`, in both.
 */
function head(version: string): string {
  const [major, minor] = NODE_FLOOR;
  return `#!/usr/bin/env node
// tideline-sync ${version}: built from packages/fleet by scripts/build-sync.ts
"use strict";
(() => {
const [major, minor] = process.versions.node.split(".").map(Number);
if (major > ${major} || (major === ${major} && minor >= ${minor})) return;
console.error("Cannot start: tideline-sync needs Node ${major}.${minor} or newer, this is Node " + process.versions.node);
process.exit(1);
})();
((require, module, exports) => {
`;
}

function foot(licences: string): string {
  return `})((name) => {
const found = process.getBuiltinModule(name);
// Libraries try for faster helpers, and do without when there are none.
if (found === undefined) throw new Error("Cannot load \\"" + name + "\\": expected one of Node's own modules");
return found;
}, { exports: {} }, {});
${licences}`;
}

/** The licences of what is inside, which have to go with it. */
async function licences(moduleIds: readonly string[]): Promise<string> {
  const folders = new Set(
    moduleIds.flatMap((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(id)?.[0] ?? []),
  );
  const texts: string[] = [];
  for (const folder of [...folders].sort()) {
    const manifest = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const { name, version, license } = manifest as Record<string, string>;
    const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file === undefined ? "" : await readFile(join(folder, file), "utf8");
    texts.push(`${name} ${version} (${license})\n\n${text.trim()}`);
  }
  const lines = texts.join(`\n\n${"-".repeat(80)}\n\n`).replaceAll("*/", "* /");
  return texts.length === 0 ? "" : `/*\nIt contains:\n\n${lines}\n*/\n`;
}

async function packageVersion(): Promise<string> {
  const text = await readFile(join(FLEET, "package.json"), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

async function readCommit(): Promise<{
  readonly commit: string | null;
  readonly day: string | null;
  readonly isChanged: boolean;
}> {
  try {
    const git = async (...args: string[]) =>
      (await promisify(execFile)("git", ["-C", REPOSITORY, ...args])).stdout.trim();
    // In UTC, so that two builders in two places write the same day.
    const format = ["--no-show-signature", "--format=%h %ct", "--abbrev=12"];
    const [commit = "", seconds] = (await git("log", "-1", ...format)).split(" ");
    const changes = await git("status", "--porcelain", "--", "packages", "package-lock.json");
    const day = new Date(Number(seconds) * 1000).toISOString().slice(0, 10);
    return { commit, day, isChanged: changes !== "" };
  } catch {
    // A tarball of the sources has no history.
    return { commit: null, day: null, isChanged: false };
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  await runScript(async () => {
    const { values } = parseArgs({ options: { out: { type: "string" } } });
    const { path, size } = await buildSync(values.out === undefined ? {} : { outFile: values.out });
    const startedAt = performance.now();
    const { stdout } = await promisify(execFile)(process.execPath, [path, "--version"]);
    const startMs = Math.round(performance.now() - startedAt);
    console.log(
      `${stdout.trim()}: ${path}, ${Math.round(size / 1024)} KiB, starts in ${startMs} ms`,
    );
  });
}
