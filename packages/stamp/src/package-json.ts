import { readFile } from "node:fs/promises";
import { dirname, join, parse } from "node:path";

/**
 * Gives the version of the nearest package.json at or above a folder, or null if it has none or
 * only `0.0.0`, which is what templates put there and nobody chose.
 */
export async function readPackageVersion(cwd: string): Promise<string | null> {
  const version = (await readNearest(cwd))?.version;
  return typeof version === "string" && version !== "" && version !== "0.0.0" ? version : null;
}

/** Gives the name of the nearest package.json at or above a folder, without its scope, or null. */
export async function readPackageName(cwd: string): Promise<string | null> {
  const name = (await readNearest(cwd))?.name;
  return typeof name === "string" && name !== "" ? name.replace(/^@[^/]*\//, "") : null;
}

async function readNearest(cwd: string): Promise<Record<string, unknown> | null> {
  const { root } = parse(cwd);
  for (let folder = cwd; ; folder = dirname(folder)) {
    const text = await readFile(join(folder, "package.json"), "utf8").catch(() => null);
    if (text !== null) {
      try {
        const json: unknown = JSON.parse(text);
        return typeof json === "object" && json !== null ? { ...json } : null;
      } catch (cause) {
        throw new SyntaxError(`Cannot parse "${join(folder, "package.json")}": expected JSON`, {
          cause,
        });
      }
    }
    if (folder === root) return null;
  }
}
