import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

/** Where the tools are that build, copy and serve images. */
export interface ImageTools {
  readonly buildah: string;
  readonly skopeo: string;
  readonly registry: string;
}

/** By what they are called on the PATH; Debian's packages have the same names. */
const NAMES = { buildah: "buildah", skopeo: "skopeo", registry: "docker-registry" } as const;

let found: Promise<ImageTools> | null = null;

/**
 * Gives the paths of buildah, skopeo and docker-registry on the PATH. As root on Debian it installs
 * those that are missing.
 *
 * @throws {Error} If one is missing: the tests that need it must not pass without it.
 */
export function findImageTools(env: NodeJS.ProcessEnv = process.env): Promise<ImageTools> {
  found ??= find(env);
  return found;
}

async function find(env: NodeJS.ProcessEnv): Promise<ImageTools> {
  const present = await searchAll(env);
  if (present.missing.length === 0) return present.tools;
  if (process.getuid?.() === 0 && (await isExecutable("/usr/bin/apt-get"))) {
    await install(present.missing);
    const installed = await searchAll(env);
    if (installed.missing.length === 0) return installed.tools;
  }
  const { missing } = await searchAll(env);
  throw new Error(
    `Cannot test with real images: expected ${Object.values(NAMES).join(", ")} on the PATH, got none of ${missing.join(", ")}; on Debian: apt-get install ${missing.join(" ")}`,
  );
}

async function searchAll(env: NodeJS.ProcessEnv) {
  const missing: string[] = [];
  const search = async (name: string) => {
    for (const folder of (env.PATH ?? "").split(delimiter)) {
      const path = join(folder, name);
      if (folder !== "" && (await isExecutable(path))) return path;
    }
    missing.push(name);
    return "";
  };
  const [buildah, skopeo, registry] = await Promise.all([
    search(NAMES.buildah),
    search(NAMES.skopeo),
    search(NAMES.registry),
  ]);
  return { tools: { buildah, skopeo, registry }, missing };
}

async function isExecutable(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function install(names: readonly string[]): Promise<void> {
  const run = promisify(execFile);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  process.stderr.write(`Installing ${names.join(", ")} for the tests with real images\n`);
  await run("apt-get", ["update", "--quiet"], { env });
  await run("apt-get", ["install", "--yes", "--quiet", "--no-install-recommends", ...names], {
    env,
  });
}
