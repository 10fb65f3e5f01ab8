import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findImageTools } from "../../registry-rig/index.js";

/** A `docker` for machines without its daemon. */
export interface DockerOnBuildah {
  /** For the front of the PATH. */
  readonly folder: string;
  /** The arguments of each call so far. */
  readonly calls: () => Promise<string[]>;
  readonly dispose: () => Promise<void>;
}

/** Makes a program `docker` that builds and saves real images with buildah, and knows no more. */
export async function installDockerOnBuildah(): Promise<DockerOnBuildah> {
  const { buildah } = await findImageTools();
  const folder = await mkdtemp(join(tmpdir(), "tideline-docker-"));
  const log = join(folder, "calls");
  await writeFile(log, "");
  const script = `#!/usr/bin/env bash
set -euo pipefail
echo "$*" >> "${log}"
on_buildah() {
  "${buildah}" --root "${folder}/storage" --runroot "${folder}/run" --storage-driver vfs "$@"
}
command=$1
shift
case $command in
  login) cat > "${folder}/password" ;;
  build) on_buildah build --isolation=chroot --quiet "$@" ;;
  save) on_buildah push --quiet "$3" "docker-archive:$2:$3" ;;
  *) echo "docker: no $command here" >&2; exit 125 ;;
esac
`;
  await writeFile(join(folder, "docker"), script, { mode: 0o755 });
  return {
    folder,
    calls: async () => (await readFile(log, "utf8")).split("\n").filter((line) => line !== ""),
    dispose: () => rm(folder, { recursive: true, force: true }),
  };
}
