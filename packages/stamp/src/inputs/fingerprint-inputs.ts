/**
 * Identity of what a service is made from: equal inputs have equal ids at any clone depth, on any
 * machine, in any commit.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Env } from "../ci.js";
import { findLockfiles } from "./find-lockfiles.js";
import { firstFrom, type InputTree, pathBytes } from "./input-tree.js";
import { readInputTree } from "./read-input-tree.js";
import { folderRange, globBase, indexesOfMarks, selectInputs } from "./select-inputs.js";

/** What one service is made from. Paths and globs start from the folder that is fingerprinted. */
export interface ServiceInputs {
  readonly name: string;
  /** Its own globs, and those of each thing that it depends on: "!" works within one set. */
  readonly include: readonly (readonly string[])[];
  /** Files by name, such as its Dockerfile; one that is not there is left out. */
  readonly extra: readonly string[];
  /** Folders that are never inputs: what the build writes. */
  readonly outputs: readonly string[];
  /** Environment variables whose values go into the build; one that is empty is as one unset. */
  readonly variables: readonly string[];
}

/** What is the same for all services. */
export interface FingerprintOptions {
  /** The folder that all paths start from; in a repository or not. */
  readonly root: string;
  readonly env: Env;
  /**
   * The file that holds the version. A bump changes nothing else, so it is no input; of a
   * package.json everything but `version` is one.
   */
  readonly versionFile?: string | null;
  /** Anything: another salt makes other ids of the same inputs. */
  readonly salt?: string | undefined;
  /** Read before, for the same folder. @default the working tree */
  readonly tree?: InputTree;
}

// Goes up when other things are hashed, or in another way: every id changes with it.
const FORM = 1;
const DIGITS = 16;

/**
 * Gives the `inputsId` of each service, 16 hex digits, by its name: the SHA-256 over the files that
 * its globs take, its Dockerfile and lockfile, its public variables and the salt. A `CHANGELOG.md`
 * counts only where a glob is its path.
 *
 * @throws {Error} If there is a repository and git cannot read it; one sentence that says why.
 *
 * @example
 * const ids = await fingerprintInputs({ root: ".", env: process.env, services });
 * ids.get("web") // "9f86d081884c7d65"
 */
export async function fingerprintInputs(
  options: FingerprintOptions & { readonly services: readonly ServiceInputs[] },
): Promise<ReadonlyMap<string, string>> {
  const { env, salt = "" } = options;
  const tree = options.tree ?? (await readInputTree(options.root, env));
  const ids = new Map<string, string>();
  for (const service of options.services) {
    const variables = [...new Set(service.variables)].sort();
    const values = variables.map((name) => [name, env[name] || null]);
    const hash = createHash("sha256");
    // JSON and paths hold no NUL, so no two different lists have the same text.
    hash.update(`${JSON.stringify({ form: FORM, salt, values })}\0`);
    hash.update(await listInputs(tree, service, options), "latin1");
    ids.set(service.name, hash.digest("hex").slice(0, DIGITS));
  }
  return ids;
}

/**
 * Lists what a service is made from: mode, type, object id and path of each file, as
 * `git ls-tree -z` writes them, in the order of their paths. Bytes are characters 0 to 255.
 */
export async function listInputs(
  tree: InputTree,
  service: ServiceInputs,
  { root, versionFile = null }: Pick<FingerprintOptions, "root" | "versionFile">,
): Promise<string> {
  const at = (path: string) => `${tree.prefix}${pathBytes(path)}`;
  const marks = new Uint8Array(tree.paths.length);
  const markFile = (path: string, value: 0 | 1) => {
    const index = firstFrom(tree.paths, path);
    if (tree.paths[index] === path) marks[index] = value;
  };
  for (const globs of service.include) {
    for (const index of selectInputs(tree, globs)) marks[index] = 1;
    for (const index of findLockfiles(tree, globs)) marks[index] = 1;
  }
  for (const path of service.extra) markFile(at(path), 1);
  for (const folder of service.outputs) marks.fill(0, ...folderRange(tree, at(folder)));
  const named = new Set(service.include.flat().map((glob) => globBase(tree, glob)));
  for (const path of findChangelogs(tree)) if (!named.has(path)) markFile(path, 0);
  if (versionFile !== null) markFile(at(versionFile), 0);
  const listing = await tree.listingOf(indexesOfMarks(marks));
  if (versionFile === null || !isPackageJson(versionFile)) return listing;
  return `${listing}${await packageWithoutVersion(join(root, versionFile))}`;
}

/** A package.json says how to build besides the version, which is all that a bump changes. */
async function packageWithoutVersion(file: string): Promise<string> {
  try {
    const { version: _, ...rest } = JSON.parse(await readFile(file, "utf8"));
    const digest = createHash("sha256").update(JSON.stringify(rest)).digest("hex");
    return `package.json without version ${digest}\tpackage.json\0`;
  } catch {
    // Not checked out (sparse), or broken: then it says nothing of how to build.
    return "";
  }
}

function isPackageJson(path: string): boolean {
  return /(^|\/)package\.json$/.test(path);
}

function findChangelogs(tree: InputTree): readonly string[] {
  const known = changelogs.get(tree);
  if (known !== undefined) return known;
  const found = tree.paths.filter(
    (path) => path.endsWith("CHANGELOG.md") && /(^|\/)CHANGELOG\.md$/.test(path),
  );
  changelogs.set(tree, found);
  return found;
}

// Every service asks for the same.
const changelogs = new WeakMap<InputTree, readonly string[]>();
