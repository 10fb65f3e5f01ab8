import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type ArtifactFile, hashFiles, listFiles } from "@tideline/stamp";
import type { BuildId } from "@tideline/version";

/** The files that one build will serve, by path, as they are gathered from one or more outputs. */
export class ArtifactHash {
  readonly #files = new Map<string, ArtifactFile["bytes"]>();

  /** Begins with what Vite copies from the public folder; emitted files of the same path replace it. */
  static async withPublicFiles(config: {
    readonly publicDir: string;
    readonly build: { readonly copyPublicDir: boolean };
  }): Promise<ArtifactHash> {
    const hash = new ArtifactHash();
    const { publicDir } = config;
    if (!config.build.copyPublicDir || publicDir === "" || !existsSync(publicDir)) return hash;
    for (const path of await listFiles(publicDir)) {
      hash.add(path, await readFile(join(publicDir, path)));
    }
    return hash;
  }

  add(path: string, bytes: ArtifactFile["bytes"]): void {
    this.#files.set(path, bytes);
  }

  buildId(): BuildId {
    return hashFiles(Array.from(this.#files, ([path, bytes]) => ({ path, bytes })));
  }
}
