/** What somebody wants published, and what publishing it needs of the world. */
import type {
  PlatformKey,
  ReleaseArtifact,
  ReleaseManifest,
  SignedRelease,
} from "@tideline/version/fleet";
import type { FleetLedger, PublishAnswer } from "../ledger/fleet-ledger.js";
import type { PackagedBinary } from "./package-binary.js";
import type { ReleaseHost } from "./release-host.js";
import type { ReleaseSigner } from "./release-signer.js";

/** A package and its place in a release. */
export interface NamedPackage extends PackagedBinary {
  readonly platform: PlatformKey;
  readonly fileName: string;
}

/** Where the bytes come from: files of this machine, or a release that is there already. */
export type PublishContent =
  | {
      readonly kind: "packages";
      readonly version: string;
      readonly packages: readonly NamedPackage[];
    }
  /** The bytes of the release with this `seq` once more: a revert, or the newest one renewed. */
  | { readonly kind: "release"; readonly seq: number | "newest" };

/** One wish to publish. */
export interface PublishRequest {
  readonly subsystem: string;
  readonly content: PublishContent;
  /** What packages were built from; a release that is published once more keeps its own. */
  readonly upstream: ReleaseManifest["upstream"];
  readonly isCritical: boolean;
  readonly dataRollback: ReleaseManifest["dataRollback"];
  readonly minSync: string | null;
  /** sha256 of binaries that nobody shall install any more, besides those of earlier releases. */
  readonly revoked: readonly string[];
  /** For people. */
  readonly notes: string;
  /** Null: the next one. */
  readonly seq: number | null;
  /** Lets other bytes of a version be published that has a release, and a lower version than the newest. */
  readonly isAgain: boolean;
  /** @default 90 days */
  readonly expiresInMs?: number;
}

/** After these moments a publisher may die, and another run finishes what it began. */
export type PublishStep =
  | "draft-created"
  | "file-uploaded"
  | "all-uploaded"
  | "read-back"
  | "published"
  | "told";

/** A ledger as a publisher sees it. */
export interface PublisherLedger extends Pick<FleetLedger, "publish" | "targets"> {
  /** The highest `seq` of a subsystem in any channel; 0 for none. Absent: what the targets say. */
  readonly highestSeq?: (subsystem: string) => number;
}

/** What publishing needs. */
export interface PublishDeps {
  readonly host: ReleaseHost;
  /** Null: only the release host is told. */
  readonly ledger: PublisherLedger | null;
  readonly signer: ReleaseSigner;
  /** Who publishes: what one has begun, only the same one continues at once. At most 100 characters. */
  readonly publisher: string;
  /** The highest `seq` of the subsystem that this machine has trusted; 0 for none. */
  readonly seenSeq: number;
  /** ms since epoch. */
  readonly now: () => number;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
  /** Awaited after each step that lasts. */
  readonly atStep?: (step: PublishStep) => Promise<void> | void;
}

/** What became of it. */
export interface Publication {
  readonly subsystem: string;
  readonly seq: number;
  readonly version: string;
  readonly tag: string;
  /** Its page on the release host; null in a dry run. */
  readonly page: string | null;
  readonly manifest: ReleaseManifest;
  readonly signed: SignedRelease;
  /** False if the release host had it already, complete and with the same binaries. */
  readonly isNew: boolean;
  /** Null if no ledger was told. */
  readonly ledger: PublishAnswer | null;
}

/** The artifacts of packages that lie below one release's page. */
export function artifactsOf(
  packages: readonly NamedPackage[],
  urlOf: (fileName: string) => string,
): Record<PlatformKey, ReleaseArtifact> {
  return Object.fromEntries(
    packages.map(({ platform, fileName, size, sha256, format, member, binary }) => [
      platform,
      { urls: [urlOf(fileName)], size, sha256, format, member, binary },
    ]),
  );
}
