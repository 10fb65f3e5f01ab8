import { firstFrom, type InputTree } from "./input-tree.js";
import { globBase } from "./select-inputs.js";

// What package managers write down of everything that they installed.
const LOCKFILES = [
  "package-lock.json",
  "npm-shrinkwrap.json",
  "pnpm-lock.yaml",
  "yarn.lock",
  "bun.lock",
  "bun.lockb",
  "deno.lock",
  "Cargo.lock",
  "go.sum",
  "uv.lock",
  "poetry.lock",
  "pdm.lock",
  "Pipfile.lock",
  "Gemfile.lock",
  "composer.lock",
  "mix.lock",
  "pubspec.lock",
  "Package.resolved",
  "packages.lock.json",
  "gradle.lockfile",
];

/**
 * Gives the indexes of the lockfiles that some globs stand under: for each the nearest folder from
 * its own upwards that has any, up to the repository's top.
 */
export function findLockfiles(tree: InputTree, globs: readonly string[]): number[] {
  const found = new Set<number>();
  const seen = new Set<string>();
  for (const glob of globs) {
    if (glob.startsWith("!")) continue;
    for (let folder = globBase(tree, glob); !seen.has(folder); folder = parentOf(folder)) {
      seen.add(folder);
      const here = lockfilesIn(tree, folder);
      for (const index of here) found.add(index);
      if (here.length > 0 || folder === "") break;
    }
  }
  return [...found];
}

// Services stand beside each other, under the same folders.
const known = new WeakMap<InputTree, Map<string, readonly number[]>>();

function lockfilesIn(tree: InputTree, folder: string): readonly number[] {
  const folders = known.get(tree) ?? new Map<string, readonly number[]>();
  known.set(tree, folders);
  const found = folders.get(folder) ?? lookFor(tree.paths, folder);
  folders.set(folder, found);
  return found;
}

function lookFor(paths: readonly string[], folder: string): readonly number[] {
  return LOCKFILES.flatMap((name) => {
    const path = folder === "" ? name : `${folder}/${name}`;
    const index = firstFrom(paths, path);
    return paths[index] === path ? [index] : [];
  });
}

function parentOf(folder: string): string {
  return folder.slice(0, Math.max(folder.lastIndexOf("/"), 0));
}
