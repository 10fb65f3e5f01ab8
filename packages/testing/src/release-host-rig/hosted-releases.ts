/** What a host of releases keeps: repositories, their tags and commits, releases and files. */
import { createHash } from "node:crypto";

/** One file of a release. */
export interface HostedAsset {
  readonly id: number;
  readonly name: string;
  readonly bytes: Buffer;
  readonly contentType: string;
  /** `sha256:<hex>`; null on files from before the host computed it. */
  digest: string | null;
  /** `starter`: the upload has begun and not ended. */
  state: "uploaded" | "starter";
  /** ms since epoch. */
  readonly createdAt: number;
}

/** One release, published or not. */
export interface HostedRelease {
  readonly id: number;
  tag: string;
  name: string;
  body: string;
  target: string;
  isDraft: boolean;
  isPrerelease: boolean;
  isImmutable: boolean;
  /** ms since epoch. */
  readonly createdAt: number;
  publishedAt: number | null;
  readonly assets: HostedAsset[];
}

/** One repository. */
export interface HostedRepository {
  /** `owner/name`. */
  readonly name: string;
  /** Newest first, as they are listed. */
  readonly releases: HostedRelease[];
  /** Tag to commit. */
  readonly tags: Map<string, string>;
  /** Branch to commit. */
  readonly branches: Map<string, string>;
  /** `<base>...<head>` to how the head stands to the base. */
  readonly comparisons: Map<string, "ahead" | "behind" | "diverged" | "identical">;
  /** Releases are locked when they are published, and their tags can never be used again. */
  isImmutable: boolean;
  readonly burnedTags: Set<string>;
}

/** What a release is made of. */
export interface NewRelease {
  readonly tag: string;
  /** @default the tag */
  readonly name?: string;
  readonly body?: string;
  /** A commit, or a branch. @default "main" */
  readonly target?: string;
  readonly isDraft?: boolean;
  readonly isPrerelease?: boolean;
  /** ms since epoch. @default now */
  readonly publishedAt?: number;
  /** Bytes or text by file name. */
  readonly assets?: Readonly<Record<string, Uint8Array | string>>;
}

/** All repositories of one host. */
export class HostedReleases {
  readonly now: () => number;
  readonly #repositories = new Map<string, HostedRepository>();
  #lastId = 1000;

  constructor(now: () => number) {
    this.now = now;
  }

  /** Makes an empty repository with the branch `main`. */
  addRepository(name: string): HostedRepository {
    const repository: HostedRepository = {
      name,
      releases: [],
      tags: new Map(),
      branches: new Map([["main", sha1(`${name} main`)]]),
      comparisons: new Map(),
      isImmutable: false,
      burnedTags: new Set(),
    };
    this.#repositories.set(name, repository);
    return repository;
  }

  find(name: string): HostedRepository | undefined {
    return this.#repositories.get(name);
  }

  /** All repositories, in the order they were made. */
  all(): HostedRepository[] {
    return [...this.#repositories.values()];
  }

  /** Adds a release; one that is no draft is published, with its tag. */
  addRelease(repository: HostedRepository, from: NewRelease): HostedRelease {
    const release: HostedRelease = {
      id: this.#nextId(),
      tag: from.tag,
      name: from.name ?? from.tag,
      body: from.body ?? "",
      target: from.target ?? "main",
      isDraft: true,
      isPrerelease: from.isPrerelease ?? false,
      isImmutable: false,
      createdAt: this.now(),
      publishedAt: null,
      assets: [],
    };
    for (const [name, bytes] of Object.entries(from.assets ?? {})) {
      this.addAsset(release, name, bytes);
    }
    repository.releases.unshift(release);
    if (from.isDraft !== true) this.publish(repository, release, from.publishedAt);
    return release;
  }

  /** Makes a draft public: its tag is created where there is none, and it is locked if they are. */
  publish(repository: HostedRepository, release: HostedRelease, at = this.now()): void {
    release.isDraft = false;
    release.publishedAt = at;
    release.isImmutable = repository.isImmutable;
    const commit = repository.branches.get(release.target) ?? release.target;
    if (!repository.tags.has(release.tag)) repository.tags.set(release.tag, commit);
  }

  /** Adds a file. */
  addAsset(
    release: HostedRelease,
    name: string,
    content: Uint8Array | string,
    contentType = "application/octet-stream",
  ): HostedAsset {
    const bytes = Buffer.from(content as string);
    const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
    const id = this.#nextId();
    const createdAt = this.now();
    const asset: HostedAsset = {
      ...{ id, name, bytes, contentType, digest, createdAt },
      state: "uploaded",
    };
    release.assets.push(asset);
    return asset;
  }

  /** Removes a file and puts another of the same name in its place, as the web page allows. */
  replaceAsset(release: HostedRelease, name: string, content: Uint8Array | string): HostedAsset {
    const index = release.assets.findIndex((asset) => asset.name === name);
    if (index !== -1) release.assets.splice(index, 1);
    return this.addAsset(release, name, content);
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }
}

/** A made-up commit that is the same at every run. */
export function sha1(text: string): string {
  return createHash("sha1").update(text).digest("hex");
}
