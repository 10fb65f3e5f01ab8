/**
 * What we ask of a program that speaks to registries. They know every registry's way of logging in;
 * we do not try to.
 */
import type { Repository } from "./image-name.js";

/** An image whose digest is final, ready to be copied. */
export interface StagedImage {
  /** As the tool takes it for a source. */
  readonly source: string;
  /** Removes what was written for it. */
  readonly dispose: () => Promise<void>;
}

/** One of the programs, for one run. Each method throws a `CommandError` with what went wrong. */
export interface RegistryTool {
  /** For people. */
  readonly name: string;
  /**
   * Makes a source's digest final: an image in a daemon or a local storage has none until its
   * layers are compressed.
   *
   * @throws {CommandError} `usage`, if this tool cannot read such a source.
   */
  readonly stage: (source: string) => Promise<StagedImage>;
  /** Reads the manifest of a staged image. */
  readonly readSource: (staged: StagedImage) => Promise<Uint8Array>;
  /** Reads a manifest by tag (`":4.20.5"`) or digest (`"@sha256:…"`); null if it is not there. */
  readonly readManifest: (repository: Repository, at: string) => Promise<Uint8Array | null>;
  /** Reads the labels of one image, not of an index, by its digest. */
  readonly readLabels: (
    repository: Repository,
    digest: string,
  ) => Promise<Readonly<Record<string, string>>>;
  /** All tags; null if this tool cannot list them. */
  readonly listTags: (repository: Repository) => Promise<readonly string[] | null>;
  /** Sends layers and manifests without giving them a tag; where a tool cannot, `tag` sends them. */
  readonly upload: (staged: StagedImage, to: Repository, digest: string) => Promise<void>;
  /** Gives a tag to what was uploaded, or is there already. */
  readonly tag: (from: StagedImage, to: Repository, digest: string, tag: string) => Promise<void>;
}
