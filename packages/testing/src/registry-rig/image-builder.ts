import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { findImageTools, type ImageTools } from "./find-image-tools.js";

const run = promisify(execFile);

/** Builds real images without a daemon, and counts how often it was asked to. */
export class ImageBuilder {
  readonly folder: string;
  readonly #tools: ImageTools;
  #builds = 0;

  private constructor(folder: string, tools: ImageTools) {
    this.folder = folder;
    this.#tools = tools;
  }

  /** One with a storage of its own. */
  static async create(): Promise<ImageBuilder> {
    const tools = await findImageTools();
    return new ImageBuilder(await mkdtemp(join(tmpdir(), "tideline-buildah-")), tools);
  }

  /** How many images were built so far. */
  get builds(): number {
    return this.#builds;
  }

  /**
   * Builds an image from a folder's Dockerfile, as `tideline images --format args` says.
   *
   * @param timestamp Seconds since 1970 for all times in the image; null takes the clock.
   * @returns The image as skopeo names it.
   */
  async build(
    context: string,
    args: readonly string[],
    { timestamp }: { readonly timestamp: number | null },
  ): Promise<string> {
    this.#builds += 1;
    const archive = join(this.folder, `image-${this.#builds}.tar`);
    const id = join(this.folder, `image-${this.#builds}.id`);
    const times = timestamp === null ? [] : [`--timestamp=${timestamp}`];
    const local = ["--isolation=chroot", "--identity-label=false", "--quiet", `--iidfile=${id}`];
    await this.#buildah("build", ...local, ...times, ...args, context);
    await this.#buildah("push", "--quiet", await readFile(id, "utf8"), `oci-archive:${archive}`);
    return `oci-archive:${archive}`;
  }

  /** Builds an index of one image for each architecture, and gives it as skopeo names it. */
  async buildIndex(
    context: string,
    args: readonly string[],
    options: { readonly timestamp: number; readonly architectures: readonly string[] },
  ): Promise<string> {
    this.#builds += 1;
    const list = `localhost/index:${this.#builds}`;
    const folder = join(this.folder, `index-${this.#builds}`);
    await this.#buildah("manifest", "create", list);
    for (const architecture of options.architectures) {
      await this.#buildah(
        "build",
        ...["--isolation=chroot", "--identity-label=false", "--quiet"],
        ...[`--timestamp=${options.timestamp}`, `--arch=${architecture}`, `--manifest=${list}`],
        ...args,
        context,
      );
    }
    await this.#buildah("manifest", "push", "--all", "--quiet", list, `oci:${folder}:image`);
    return `oci:${folder}:image`;
  }

  /** Runs buildah on this builder's own storage, and gives what it printed. */
  async #buildah(...args: readonly string[]): Promise<string> {
    const { stdout } = await run(
      this.#tools.buildah,
      [
        ...["--root", join(this.folder, "storage"), "--runroot", join(this.folder, "run")],
        ...["--storage-driver", "vfs"],
        ...args,
      ],
      { maxBuffer: 16 * 1024 * 1024 },
    );
    return stdout.trim();
  }

  /** Removes everything it made. */
  async dispose(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
