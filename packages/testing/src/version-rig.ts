/** A bare repository that `tideline bump` and `tideline release` push to, and what is on it. */
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { GitRig } from "./git-rig.js";

/** The content of the version file that each rig begins with. */
export const FIRST_VERSION = {
  version: "1.0.0",
  build_number: "202601010000",
  build_date: "2026-01-01T00:00:00Z",
  git_commit: "unknown",
  buildTimestamp: "2026-01-01 00:00:00",
} as const;

/** One bare repository with a first commit, and its clones. */
export class VersionRig {
  readonly bare: GitRig;
  /** The clone that made the first commit. */
  readonly seed: GitRig;
  readonly #clones: GitRig[] = [];

  private constructor(bare: GitRig, seed: GitRig) {
    this.bare = bare;
    this.seed = seed;
  }

  /** A bare repository whose `main` has these files, by default a version file and a source file. */
  static async create(
    files: Readonly<Record<string, string>> = {
      "assets/version.json": `${JSON.stringify(FIRST_VERSION, null, 2)}\n`,
      "web/app.ts": "export {};\n",
    },
  ): Promise<VersionRig> {
    const bare = await GitRig.create({ bare: true });
    await bare.git("config", "uploadpack.allowFilter", "true");
    const seed = await GitRig.create();
    await seed.git("remote", "add", "origin", `file://${bare.folder}`);
    await seed.commit("feat: the first commit", files);
    await seed.git("push", "--quiet", "--set-upstream", "origin", "main");
    return new VersionRig(bare, seed);
  }

  /** One more clone; arguments such as `--depth=1`. */
  async clone(...args: readonly string[]): Promise<GitRig> {
    const clone = await GitRig.clone(this.bare, ...args);
    this.#clones.push(clone);
    return clone;
  }

  /** Somebody else's commit on `main`; gives its SHA. */
  async advance(message: string, files: Readonly<Record<string, string>> = {}): Promise<string> {
    await this.seed.git("pull", "--quiet", "--ff-only", "origin", "main");
    const commit = await this.seed.commit(message, files);
    await this.seed.git("push", "--quiet", "origin", "main");
    return commit;
  }

  /** Puts a hook into the bare repository. */
  async hook(name: string, script: string): Promise<void> {
    const path = join(this.bare.folder, "hooks", name);
    await mkdir(join(this.bare.folder, "hooks"), { recursive: true });
    await writeFile(path, `#!/bin/sh\n${script}\n`);
    await chmod(path, 0o755);
  }

  /** The names of all tags there. */
  async tags(): Promise<string[]> {
    const listed = await this.bare.git("tag", "--list", "--sort=version:refname");
    return listed.split("\n").filter((tag) => tag !== "");
  }

  /** The tags whose commit `main` does not have. */
  async orphans(): Promise<string[]> {
    const listed = await this.bare.git("tag", "--list", "--no-merged", "main");
    return listed.split("\n").filter((tag) => tag !== "");
  }

  /** The version in a commit's version file. */
  async versionAt(revision: string, path = "assets/version.json"): Promise<string> {
    return JSON.parse(await this.bare.git("show", `${revision}:${path}`)).version;
  }

  /** Removes all folders. */
  async dispose(): Promise<void> {
    for (const rig of [this.bare, this.seed, ...this.#clones]) await rig.dispose();
  }
}
