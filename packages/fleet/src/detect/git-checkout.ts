/** What a source checkout stands at, read from its files: no git binary is needed. */
import { readFile, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

const OID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/**
 * Gives the commit that is checked out in a folder; null if it is no checkout or has no commit
 * (gitrepository-layout: `HEAD`, loose refs before `packed-refs`).
 */
export async function checkedOutCommit(folder: string): Promise<string | null> {
  const gitFolder = await findGitFolder(folder);
  if (gitFolder === null) return null;
  const head = await read(join(gitFolder, "HEAD"));
  if (head === null) return null;
  const [, ref] = /^ref: (refs\/\S+)$/.exec(head) ?? [];
  if (ref === undefined) return OID.test(head) ? head : null;
  // A worktree has its own HEAD; its branches are the main checkout's.
  const commonName = await read(join(gitFolder, "commondir"));
  const common = commonName === null ? gitFolder : resolve(gitFolder, commonName);
  const loose = await read(join(common, ref));
  if (loose !== null) return OID.test(loose) ? loose : null;
  const packed = (await read(join(common, "packed-refs"))) ?? "";
  const line = packed.split("\n").find((one) => one.endsWith(` ${ref}`));
  const oid = line?.split(" ")[0] ?? "";
  return OID.test(oid) ? oid : null;
}

async function findGitFolder(folder: string): Promise<string | null> {
  const path = join(folder, ".git");
  try {
    if ((await stat(path)).isDirectory()) return path;
  } catch {
    return null;
  }
  // Worktrees and submodules have a file that names the place.
  const [, named] = /^gitdir: (.+)$/.exec((await read(path)) ?? "") ?? [];
  return named === undefined ? null : resolve(dirname(path), named);
}

async function read(path: string): Promise<string | null> {
  try {
    return (await readFile(path, "utf8")).trim();
  } catch {
    // What is not there says nothing.
    return null;
  }
}
