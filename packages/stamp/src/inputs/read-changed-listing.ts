import { createHash } from "node:crypto";
import { copyFile, mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import type { Env } from "../ci.js";
import { askGit } from "./ask-git.js";
import { readInputTree } from "./read-input-tree.js";

// What people set for their own work must not decide what a tree's identity is, nor leave traces.
const OWN_SETTINGS = [
  "core.safecrlf=false",
  "core.fsmonitor=false",
  "core.splitIndex=false",
  "core.hooksPath=/dev/null",
  "advice.addEmbeddedRepo=false",
];

/**
 * Lists the working tree as a commit of all of it would have it: changed and
 * untracked files count, ignored ones do not. Index and objects are written to a temporary folder,
 * so the repository stays as it is.
 *
 * @returns As `git ls-tree -r -z` would list them, from the repository's top.
 * @throws {Error} If a file cannot be read; one sentence.
 */
export async function readChangedListing(root: string, env: Env): Promise<string> {
  const place = await ask(root, env, [
    ...["rev-parse", "--show-toplevel"],
    ...["--git-path", "index", "--git-path", "objects"],
  ]);
  const [top = root, index = "", objects = ""] = place
    .split("\n")
    .map((path) => resolve(root, Buffer.from(path, "latin1").toString("utf8")));
  const folder = await mkdtemp(join(tmpdir(), "tideline-inputs-"));
  try {
    const own: Env = {
      ...env,
      GIT_INDEX_FILE: join(folder, "index"),
      GIT_OBJECT_DIRECTORY: join(folder, "objects"),
      GIT_ALTERNATE_OBJECT_DIRECTORIES: [quote(objects), env.GIT_ALTERNATE_OBJECT_DIRECTORIES]
        .filter(Boolean)
        .join(delimiter),
    };
    await mkdir(join(folder, "objects"));
    // With the index come the times of files that are unchanged, which are then not read again.
    // A repository without a commit may have none.
    await copyFile(index, join(folder, "index")).catch((error) => {
      if (error.code !== "ENOENT") throw error;
    });
    const settings = OWN_SETTINGS.flatMap((setting) => ["-c", setting]);
    const sparse = await askGit(top, env, ["config", "--bool", "core.sparseCheckout"]);
    const everywhere = sparse.stdout.trim() === "true" ? ["--sparse"] : [];
    await ask(top, own, [...settings, "add", "--all", ...everywhere]);
    const listing = await ask(top, own, ["ls-files", "--stage", "-z"]);
    const entries = listing === "" ? [] : listing.slice(0, -1).split("\0").map(asTreeEntry);
    const found = await Promise.all(entries.map((entry) => lookIntoSubmodule(entry, top, env)));
    return found.map((entry) => `${entry}\0`).join("");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The same without git's "stage", which is 0 after an addition of everything. */
function asTreeEntry(line: string): string {
  const tab = line.indexOf("\t");
  const [mode = "", id = ""] = line.slice(0, tab).split(" ");
  return `${mode} ${mode === "160000" ? "commit" : "blob"} ${id}${line.slice(tab)}`;
}

/** A submodule is an entry with its commit; what that commit does not hold makes it another. */
async function lookIntoSubmodule(entry: string, top: string, env: Env): Promise<string> {
  if (!entry.startsWith("160000 ")) return entry;
  const tab = entry.indexOf("\t");
  const folder = join(top, Buffer.from(entry.slice(tab + 1), "latin1").toString("utf8"));
  // One that was never fetched is an empty folder, and git would answer for the repository around.
  if ((await stat(join(folder, ".git")).catch(() => null)) === null) return entry;
  const tree = await readInputTree(folder, withoutPlaces(env));
  if (tree.kind === "commit") return entry;
  const inner = await tree.listingOf([...tree.paths.keys()]);
  const id = createHash("sha256").update(inner, "latin1").digest("hex");
  return `160000 commit ${id}${entry.slice(tab)}`;
}

/** A hook's environment names its own repository, which is not the submodule's. */
function withoutPlaces(env: Env): Env {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^GIT_(DIR|WORK_TREE|INDEX_FILE|PREFIX)$/.test(name)),
  );
}

async function ask(cwd: string, env: Env, args: readonly string[]): Promise<string> {
  const { ok, stdout, message } = await askGit(cwd, env, args);
  if (ok) return stdout;
  const problem = message.split("\n").find((line) => /^(error|fatal): /.test(line)) ?? message;
  throw new Error(
    `Cannot fingerprint the working tree of "${cwd}": ${problem.replace(/^(error|fatal): /, "")}`,
  );
}

/** A path may hold the character that separates them; git reads C's quotes. */
function quote(path: string): string {
  return `"${path.replace(/["\\]/g, "\\$&")}"`;
}
