import { findExecutable } from "../find-executable.js";
import { installDebianPackages } from "../install-debian-packages.js";

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
  let { tools, missing } = await searchAll(env);
  if (missing.length > 0 && (await installDebianPackages(missing, "the tests with real images"))) {
    ({ tools, missing } = await searchAll(env));
  }
  if (missing.length === 0) return tools;
  throw new Error(
    `Cannot test with real images: expected ${Object.values(NAMES).join(", ")} on the PATH, got none of ${missing.join(", ")}; on Debian: apt-get install ${missing.join(" ")}`,
  );
}

async function searchAll(env: NodeJS.ProcessEnv) {
  const missing: string[] = [];
  const search = async (name: string) => {
    const path = await findExecutable([name], env);
    if (path === null) missing.push(name);
    return path ?? "";
  };
  const [buildah, skopeo, registry] = await Promise.all([
    search(NAMES.buildah),
    search(NAMES.skopeo),
    search(NAMES.registry),
  ]);
  return { tools: { buildah, skopeo, registry }, missing };
}
