/** A release host, a fleet's keys and a ledger that only remembers, for tests of publishing. */
import { createHash } from "node:crypto";
import {
  EMPTY_TRUST,
  makeSigner,
  type NamedPackage,
  type Publication,
  type PublishAnswer,
  type PublishDeps,
  type PublishRequest,
  packageBinary,
  publishRelease,
  ReleaseHost,
  verifyRelease,
} from "@tideline/fleet";
import {
  parseReleaseManifest,
  parseSignedRelease,
  type ReleaseManifest,
  type SignedRelease,
} from "@tideline/version/fleet";
import { PUBLISHING_PATIENCE_MS } from "../../../fleet/src/publish/host-request.js";
import { ReleaseHostRig } from "../release-host-rig/index.js";
import { SignedFleet } from "../signed-fleet.js";

/** What a publisher has around it. */
export class PublishRig {
  readonly host: ReleaseHostRig;
  readonly fleet: SignedFleet;
  /** What the ledger was told, in order. */
  readonly told: SignedRelease[] = [];
  readonly log: string[] = [];
  /** How long the release host was waited for, in ms. */
  readonly waits: number[] = [];
  /** ms since epoch. */
  now: number;
  #answer: (release: SignedRelease) => PublishAnswer = () => ({
    ok: true,
    mode: "running",
    generation: this.told.length,
  });

  private constructor(host: ReleaseHostRig, fleet: SignedFleet) {
    this.host = host;
    this.fleet = fleet;
    this.now = fleet.now;
  }

  /** @param now Where another process looks at the clock too, its time. */
  static async start(now = Date.UTC(2026, 5, 1)): Promise<PublishRig> {
    const fleet = new SignedFleet({ now });
    return new PublishRig(await ReleaseHostRig.start(), fleet);
  }

  /** Lets the ledger answer otherwise. */
  answer(how: (release: SignedRelease) => PublishAnswer): void {
    this.#answer = how;
  }

  deps(changes: Partial<PublishDeps> = {}): PublishDeps {
    const world = {
      fetch,
      now: () => this.now,
      log: (line: string) => void this.log.push(line),
      signal: new AbortController().signal,
      wait: async (ms: number) => void this.waits.push(ms),
    };
    return {
      ...world,
      host: this.hostWith(fetch),
      ledger: {
        targets: () => null,
        publish: async (release) => {
          this.told.push(release);
          return this.#answer(release);
        },
      },
      signer: makeSigner({
        trust: this.fleet.trust,
        releaseKeys: this.fleet.releaseKeys.slice(0, 1),
        keyset: this.fleet.signKeyset(),
        state: EMPTY_TRUST,
        now: () => this.now,
      }),
      publisher: "the build machine",
      seenSeq: 0,
      ...changes,
    };
  }

  /** A client of the host with another way to send. */
  hostWith(how: typeof fetch): ReleaseHost {
    const { api, token, repository } = this.host;
    return new ReleaseHost(
      { api, repository: repository.name, token },
      {
        fetch: how,
        now: () => this.now,
        log: (line) => void this.log.push(line),
        signal: new AbortController().signal,
        wait: async (ms) => void this.waits.push(ms),
        patienceMs: PUBLISHING_PATIENCE_MS,
      },
    );
  }

  /** What everybody can download of a release, as a machine reads it. */
  async readPublished(tag: string): Promise<{ signed: SignedRelease; manifest: ReleaseManifest }> {
    const answer = await fetch(this.host.downloadUrl(tag, "nats.release.json"));
    const signed = parseSignedRelease(await answer.text());
    const options = this.fleet.verifyOptions({ now: this.now });
    return { signed, manifest: verifyRelease(signed, options) };
  }

  async publish(
    request: Partial<PublishRequest> & { readonly version?: string; readonly binary?: string },
    changes: Partial<PublishDeps> = {},
  ): Promise<Publication> {
    return await publishRelease(await this.request(request), this.deps(changes));
  }

  /** A wish to publish one binary for one platform. */
  async request({
    version = "2.10.25",
    binary = `nats ${version}`,
    ...changes
  }: Partial<PublishRequest> & {
    readonly version?: string;
    readonly binary?: string;
  } = {}): Promise<PublishRequest> {
    return {
      subsystem: "nats",
      content: { kind: "packages", version, packages: [await namedPackage(version, binary)] },
      upstream: null,
      isCritical: false,
      dataRollback: "safe",
      minSync: null,
      revoked: [],
      notes: "",
      seq: null,
      isAgain: false,
      ...changes,
    };
  }

  /** What is public: tag, seq and the names of the files, oldest first. */
  published(): { tag: string; seq: number; files: string[] }[] {
    return this.host.repository.releases
      .filter(({ isDraft }) => !isDraft)
      .map(({ tag, assets }) => {
        const file = assets.find(({ name }) => name.endsWith(".release.json"));
        const signed = JSON.parse(String(file?.bytes)) as SignedRelease;
        const { seq } = parseReleaseManifest(signed.manifest);
        return { tag, seq, files: assets.map(({ name }) => name).sort() };
      })
      .sort((a, b) => a.seq - b.seq || (a.tag < b.tag ? -1 : 1));
  }

  drafts(): string[] {
    return this.host.repository.releases.filter(({ isDraft }) => isDraft).map(({ tag }) => tag);
  }

  async close(): Promise<void> {
    await this.host.close();
  }
}

/** A package for linux-x64-glibc. */
export async function namedPackage(version: string, binary: string): Promise<NamedPackage> {
  const packaged = await packageBinary({
    ...{ format: "tar.gz", member: "nats-server", versionFile: null },
    binary: Buffer.from(binary),
  });
  const platform = "linux-x64-glibc";
  return { ...packaged, platform, fileName: `nats-${version}-${platform}.tar.gz` };
}

export function sha256Of(bytes: string | Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
