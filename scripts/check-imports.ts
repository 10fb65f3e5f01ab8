/**
 * Who may import whom, as data, and the check of every source file against it. The table governs
 * our own rooms, Convex, React and Node; other libraries are a package's own affair.
 */
import { readdir, readFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { dirname, join, posix, relative, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { REPOSITORY } from "./build-app.js";
import { readImports } from "./read-imports.js";

/** What one room may import. */
interface Room {
  /** A folder, or a folder's children ("apps/*"). */
  readonly folder: string;
  /** Of ours, Convex and React; "react/*" stands for everything below it. */
  readonly allowed: readonly string[];
  /** More for one file, by its path in the room. */
  readonly allowedIn?: Readonly<Record<string, readonly string[]>>;
  /** Node's own modules. */
  readonly node: boolean;
  /** The only other libraries allowed; absent: any. */
  readonly others?: readonly string[];
}

const VERSION = "@tideline/version";
const STAMP = "@tideline/stamp";
const REACT = ["react", "react/*", "react-dom", "react-dom/*"];

/** The table. */
export const ROOMS: readonly Room[] = [
  { folder: "packages/version", allowed: [], node: false, others: ["semver"] },
  { folder: "packages/stamp", allowed: [VERSION], node: true },
  { folder: "packages/vite-plugin", allowed: [VERSION, STAMP], node: true },
  {
    folder: "packages/ledger",
    allowed: [VERSION, "@tideline/version/fleet", "convex/server", "convex/values"],
    node: false,
    others: ["jose"],
  },
  { folder: "convex", allowed: ["@tideline/ledger", "convex/server"], node: false, others: [] },
  { folder: "packages/embedded", allowed: ["convex/server", "convex/values"], node: true },
  {
    folder: "packages/watch",
    allowed: [VERSION],
    allowedIn: { "src/convex.ts": ["convex/browser"] },
    node: false,
    others: [],
  },
  {
    folder: "packages/react",
    allowed: [VERSION, "@tideline/watch", "@tideline/watch/page", "convex/react", ...REACT],
    node: false,
  },
  {
    folder: "packages/browser",
    allowed: [VERSION, "@tideline/watch", "@tideline/watch/sse", "@tideline/watch/page"],
    node: false,
    others: [],
  },
  {
    folder: "packages/gateway",
    allowed: [VERSION, "@tideline/watch", "@tideline/watch/convex"],
    node: true,
  },
  {
    folder: "packages/fleet",
    allowed: [
      ...[VERSION, "@tideline/version/fleet", "@tideline/version/nearest-word"],
      ...["@tideline/watch", "@tideline/watch/convex", "convex/browser"],
    ],
    node: true,
  },
  {
    folder: "packages/cli",
    allowed: [
      ...[VERSION, "@tideline/version/bump", "@tideline/version/nearest-word"],
      ...[STAMP, "convex/browser"],
    ],
    node: true,
  },
  {
    folder: "apps/*",
    // convex/react for the provider that the notice needs, convex/values for the class of the
    // errors that admin shows.
    allowed: [
      ...["@tideline/react", "@tideline/react/styles.css", VERSION, "@tideline/version/fleet"],
      ...["/convex/_generated/api.js", "convex/react", "convex/values", ...REACT],
    ],
    allowedIn: { "vite.config.ts": ["@tideline/vite-plugin", "/vite.config.js"] },
    node: false,
  },
  { folder: "scripts", allowed: ["@tideline/*", "convex/*"], node: true },
];

// The table does not bind what is never published: tests, benches and the rigs for both.
const EXEMPT =
  /\.(test|suite)\.tsx?$|^packages\/(testing|[^/]+\/(bench|src\/(suite|conformance)))\/|\/_generated\//;
const SOURCE = /\.(ts|tsx|mts|js|mjs)$/;
const SKIPPED = new Set(["node_modules", "dist", "coverage"]);

/**
 * Gives a sentence for every import that the table does not allow: where it is, and what is allowed
 * there.
 *
 * @param root The repository's folder.
 */
export async function checkImports(root: string): Promise<string[]> {
  const violations: string[] = [];
  for (const top of ["packages", "apps", "convex", "scripts"]) {
    for await (const file of sourceFiles(join(root, top))) {
      const path = relative(root, file).split(sep).join("/");
      if (EXEMPT.test(path)) continue;
      const room = roomOf(path);
      if (room === null) {
        violations.push(`${path}: its room has no row in the table of scripts/check-imports.ts`);
        continue;
      }
      for (const { specifier, line } of readImports(file, await readFile(file, "utf8"))) {
        const rule = brokenRule(room, path, specifier);
        if (rule !== null) violations.push(`${path}:${line}: imports "${specifier}"; ${rule}`);
      }
    }
  }
  return violations;
}

interface FoundRoom {
  readonly row: Room;
  readonly folder: string;
}

function roomOf(path: string): FoundRoom | null {
  for (const row of ROOMS) {
    const depth = row.folder.split("/").length;
    const folder = path.split("/").slice(0, depth).join("/");
    const pattern = row.folder.endsWith("/*") ? row.folder.slice(0, -1) : null;
    if (folder === row.folder || (pattern !== null && folder.startsWith(pattern))) {
      return { row, folder };
    }
  }
  return null;
}

function brokenRule({ row, folder }: FoundRoom, path: string, specifier: string): string | null {
  const allowed = [...row.allowed, ...(row.allowedIn?.[path.slice(folder.length + 1)] ?? [])];
  const allowedText = `${folder} may import ${allowed.join(", ") || "nothing of ours, Convex or React"}`;
  if (specifier.startsWith(".")) {
    const target = posix.join(dirname(path), specifier);
    if (target.startsWith(`${folder}/`) || allowed.includes(`/${target}`)) return null;
    return `${folder} may not reach into another folder; ${allowedText}`;
  }
  if (isBuiltin(specifier)) return row.node ? null : `${folder} must run where there is no Node`;
  if (/^(@tideline\/|convex(\/|$)|react(-dom)?(\/|$))/.test(specifier)) {
    return allowed.some((entry) => covers(entry, specifier)) ? null : allowedText;
  }
  if (row.others === undefined || row.others.includes(specifier)) return null;
  return `${folder} may import ${[...allowed, ...row.others].join(", ") || "nothing"} and no other library`;
}

function covers(entry: string, specifier: string): boolean {
  return entry.endsWith("/*") ? specifier.startsWith(entry.slice(0, -1)) : specifier === entry;
}

async function* sourceFiles(folder: string): AsyncGenerator<string> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !SKIPPED.has(entry.name)) yield* sourceFiles(path);
    if (entry.isFile() && SOURCE.test(entry.name)) yield path;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const violations = await checkImports(REPOSITORY);
  for (const violation of violations) console.error(violation);
  if (violations.length > 0) process.exitCode = 1;
}
