/** Decides what a wish to publish means beside what is published already. */
import type { ReleaseArtifact, ReleaseManifest } from "@tideline/version/fleet";
import semver from "semver";
import { SyncError } from "../sync-error.js";
import {
  findBySeq,
  type KnownReleases,
  type KnownReleasesSources,
  readVerified,
  type VerifiedRelease,
} from "./known-releases.js";
import { sha256Of } from "./package-binary.js";
import type { NamedPackage, PublishDeps, PublishRequest } from "./publish-request.js";
import { releaseTag } from "./release-names.js";

/** What is to be done. */
export type Resolved =
  /** Nothing on the release host: it has this very release. */
  | { readonly kind: "published"; readonly release: VerifiedRelease }
  | {
      readonly kind: "new";
      readonly version: string;
      readonly upstream: ReleaseManifest["upstream"];
      readonly packages: readonly NamedPackage[];
      /** Of the older release whose bytes it has; null where they are the packages. */
      readonly artifacts: ReleaseManifest["artifacts"] | null;
      readonly reverts: number | null;
      /** The version has a release already. */
      readonly isAgain: boolean;
    };

/**
 * Looks a wish up in what is known.
 *
 * @throws {SyncError} `PUBLISH_CONFLICT` for other bytes of a version that has a release, `DOWNGRADE`
 *   for a lower version than the newest, both unless the request says `isAgain`; `RELEASE_NOT_FOUND`;
 *   `ASSET_REPLACED` if the host no longer serves the bytes that are to be published once more.
 */
export async function resolveContent(
  request: PublishRequest,
  known: KnownReleases,
  deps: PublishDeps & { readonly subsystem: string },
): Promise<Resolved> {
  const sources = { ...deps, targets: null };
  return request.content.kind === "release"
    ? await resolveRelease(request, request.content.seq, known, sources)
    : await resolvePackages(request, request.content, known, sources);
}

async function resolvePackages(
  { subsystem, upstream, seq, isAgain }: PublishRequest,
  { version, packages }: Extract<PublishRequest["content"], { kind: "packages" }>,
  known: KnownReleases,
  sources: KnownReleasesSources,
): Promise<Resolved> {
  const { newest } = known;
  const same = await findVersion(version, known, sources);
  const isSame = same !== null && hasBinaries(same, packages);
  const isNewest = same !== null && same.manifest.seq >= known.highestSeq;
  if (isSame && isNewest && (seq === null || seq === same.manifest.seq)) {
    await requireServed(same, sources);
    return { kind: "published", release: same };
  }
  if (same !== null && !isAgain) {
    const { seq: found } = same.manifest;
    throw isNewest || !isSame
      ? new SyncError(
          "PUBLISH_CONFLICT",
          `Cannot publish ${subsystem} ${version}: expected the binaries of its release ${found}, got others; --again makes them a release of their own`,
        )
      : new SyncError(
          "DOWNGRADE",
          `Cannot publish ${subsystem} ${version}: expected a release after ${newest?.manifest.version}, got its older release ${found}`,
        );
  }
  if (newest !== null && !isAgain && isLower(version, newest.manifest.version)) {
    throw new SyncError(
      "DOWNGRADE",
      `Cannot publish ${subsystem} ${version}: expected a version after ${newest.manifest.version}, got a lower one; --again publishes it all the same`,
    );
  }
  return {
    ...{ kind: "new", version, upstream, packages, artifacts: null, reverts: null },
    isAgain: same !== null,
  };
}

async function resolveRelease(
  { subsystem, revoked }: PublishRequest,
  seq: number | "newest",
  known: KnownReleases,
  sources: KnownReleasesSources,
): Promise<Resolved> {
  if (known.newest === null) {
    throw new SyncError(
      "RELEASE_NOT_FOUND",
      `Cannot publish ${subsystem} once more: expected a signed release of it, got none`,
    );
  }
  const { newest } = known;
  const hasRevoked = revoked.every((sha256) => newest.manifest.revoked.includes(sha256));
  const isDone =
    seq === "newest"
      ? revoked.length > 0 && hasRevoked
      : newest.manifest.reverts === seq && hasRevoked;
  // Who runs it again after a crash does not want a second one.
  if (isDone && newest.host !== null) return { kind: "published", release: newest };
  const release = seq === "newest" ? newest : await findBySeq(seq, known, sources);
  const { manifest, isCurrent } = release;
  if (!isCurrent) {
    throw new SyncError(
      "KEYSET_TOO_OLD",
      `Cannot publish ${subsystem} ${manifest.version} once more: expected a release by keys of the present keyset, got one by older keys; publish it from its files`,
    );
  }
  await requireServed(release, sources);
  return {
    ...{ kind: "new", version: manifest.version, upstream: manifest.upstream, packages: [] },
    artifacts: manifest.artifacts,
    // To renew the newest one is not to go back.
    reverts: manifest.seq === newest.manifest.seq ? null : manifest.seq,
    isAgain: true,
  };
}

/** The newest release of a version; of an unmarked one its tag is enough to look at it. */
async function findVersion(
  version: string,
  { newest, published }: KnownReleases,
  sources: KnownReleasesSources,
): Promise<VerifiedRelease | null> {
  if (newest?.manifest.version === version) return newest;
  const tag = releaseTag(sources.subsystem, version, null);
  let found: VerifiedRelease | null = null;
  for (const release of published) {
    if (release.tag !== tag && !/^-r\d+$/.test(release.tag.replace(tag, ""))) continue;
    const verified = await readVerified(release, sources);
    if (verified?.manifest.version !== version) continue;
    if (found === null || verified.manifest.seq > found.manifest.seq) found = verified;
  }
  return found;
}

function hasBinaries({ manifest }: VerifiedRelease, packages: readonly NamedPackage[]): boolean {
  const there = Object.entries(manifest.artifacts);
  return (
    there.length === packages.length &&
    packages.every(
      ({ platform, binary }) => manifest.artifacts[platform]?.binary.sha256 === binary.sha256,
    )
  );
}

function isLower(version: string, than: string): boolean {
  const [a, b] = [semver.parse(version), semver.parse(than)];
  // What is no semantic version has no order.
  return a !== null && b !== null && a.compare(b) < 0;
}

/**
 * A release is worth publishing once more only while its files are those that were signed.
 *
 * @throws {SyncError} `ASSET_REPLACED`
 */
export async function requireServed(
  { manifest, host: own }: VerifiedRelease,
  { host }: KnownReleasesSources,
): Promise<void> {
  const releases = own === null ? await host.list() : [own, ...(await host.list())];
  for (const [platform, artifact] of Object.entries(manifest.artifacts)) {
    const assets = releases.flatMap((release) => release.assets);
    const asset = assets.find(({ downloadUrl }) => artifact.urls.includes(downloadUrl));
    const bytes = asset === undefined ? null : await host.download(asset.id, artifact.size);
    if (bytes !== null && isSigned(bytes, artifact)) continue;
    throw new SyncError(
      "ASSET_REPLACED",
      `Cannot publish ${manifest.subsystem} ${manifest.version}: expected the signed ${artifact.sha256} for ${platform}, got ${bytes === null ? "no such file" : sha256Of(bytes)}`,
    );
  }
}

function isSigned(bytes: Buffer, { size, sha256 }: ReleaseArtifact): boolean {
  return bytes.length === size && sha256Of(bytes) === sha256;
}
