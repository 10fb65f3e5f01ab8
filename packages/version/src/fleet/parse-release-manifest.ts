import { FieldReader } from "./field-reader.js";
import {
  ADDRESS,
  MEMBER,
  OID,
  PLATFORM,
  SHA256,
  SUBSYSTEM,
  TAG,
  VERSION,
} from "./fleet-patterns.js";
import { isSemanticVersion } from "./is-semantic-version.js";
import type { PlatformKey } from "./platform.js";
import type { ReleaseArtifact, ReleaseManifest } from "./release-manifest.js";
import { parseStrictJson } from "./strict-json.js";

const WHAT = "release manifest";

/** The longest manifest, in UTF-16 units. A large one, with 20 platforms, has 12,000. */
export const MAX_MANIFEST_LENGTH = 65_536;

/** The highest `seq`. Bounded so that no release can leave its successors without a number. */
export const MAX_SEQ = 2_147_483_647;

// The largest file that a Date can be asked about and a download may have.
const MAX_TIME = 8_640_000_000_000_000;
const MAX_BYTES = 4 * 1024 ** 3;

/**
 * Reads a release manifest, strictly: every field of {@link ReleaseManifest} is there, and nothing
 * else. Says nothing of who signed it.
 *
 * What it gives is consistent in itself: `expiresAt` lies after `createdAt`, a revert goes back to
 * a lower `seq`, a `raw` file is its own binary, only archives have a member, and no artifact is
 * among the revoked.
 *
 * @throws {SyntaxError | TypeError | RangeError} With what was expected, where, and what was found.
 */
export function parseReleaseManifest(text: string): ReleaseManifest {
  const fields = new FieldReader(parseStrictJson(text, WHAT, MAX_MANIFEST_LENGTH), WHAT, "", [
    ...["format", "subsystem", "seq", "version", "updateClass", "isCritical", "upstream"],
    ...["createdAt", "expiresAt", "minSync", "reverts", "revoked", "dataRollback", "artifacts"],
  ]);
  const seq = fields.wholeNumber("seq", 1, MAX_SEQ);
  const createdAt = fields.wholeNumber("createdAt", 1, MAX_TIME - 1);
  const revoked = fields.texts(
    "revoked",
    { min: 0, max: 256 },
    SHA256,
    "a sha256 as 64 hex digits",
  );
  return {
    format: fields.oneOf("format", [1]),
    subsystem: fields.text("subsystem", SUBSYSTEM, "the name of a subsystem"),
    seq,
    version: fields.text("version", VERSION, "a version"),
    updateClass: fields.oneOf("updateClass", ["major", "minor", "patch"]),
    isCritical: fields.flag("isCritical"),
    upstream: readUpstream(fields),
    createdAt,
    expiresAt: fields.wholeNumber("expiresAt", createdAt + 1, MAX_TIME),
    minSync: readMinSync(fields),
    reverts: fields.isNull("reverts") ? null : fields.wholeNumber("reverts", 1, seq - 1),
    revoked,
    dataRollback: fields.oneOf("dataRollback", ["safe", "unsafe"]),
    artifacts: readArtifacts(fields, revoked),
  };
}

function readUpstream(fields: FieldReader): ReleaseManifest["upstream"] {
  if (fields.isNull("upstream")) return null;
  const upstream = fields.object("upstream", ["url", "tag", "oid"]);
  return {
    url: upstream.text("url", ADDRESS, "an address with https:"),
    tag: upstream.textOrNull("tag", TAG, "a tag"),
    oid: upstream.text("oid", OID, "a commit as 40 or 64 hex digits"),
  };
}

function readMinSync(fields: FieldReader): string | null {
  const minSync = fields.textOrNull("minSync", VERSION, "a semantic version");
  if (minSync === null || isSemanticVersion(minSync)) return minSync;
  throw fields.error("minSync", "a semantic version, or null", minSync);
}

function readArtifacts(
  fields: FieldReader,
  revoked: readonly string[],
): Record<PlatformKey, ReleaseArtifact> {
  const artifacts = fields.object("artifacts", null);
  const keys = artifacts.keys();
  if (keys.length < 1 || keys.length > 64) {
    throw fields.error("artifacts", "1 to 64 platforms", keys.length, RangeError);
  }
  const entries = keys.map((key): [PlatformKey, ReleaseArtifact] => {
    if (!PLATFORM.test(key)) throw fields.error("artifacts", "platforms as keys", key);
    const artifact = readArtifact(
      artifacts.object(key, ["urls", "size", "sha256", "format", "member", "binary"]),
    );
    if (revoked.includes(artifact.binary.sha256)) {
      throw fields.error("revoked", "no binary of this very release", artifact.binary.sha256);
    }
    return [key, artifact];
  });
  return Object.fromEntries(entries);
}

function readArtifact(fields: FieldReader): ReleaseArtifact {
  const format = fields.oneOf("format", ["raw", "gz", "tar.gz", "zip"]);
  const binary = fields.object("binary", ["size", "sha256"]);
  const artifact: ReleaseArtifact = {
    urls: fields.texts("urls", { min: 1, max: 8 }, ADDRESS, "an address with https:"),
    size: fields.wholeNumber("size", 1, MAX_BYTES),
    sha256: fields.text("sha256", SHA256, "64 hex digits"),
    format,
    member: fields.textOrNull("member", MEMBER, "the name of a file in the archive"),
    binary: {
      size: binary.wholeNumber("size", 1, MAX_BYTES),
      sha256: binary.text("sha256", SHA256, "64 hex digits"),
    },
  };
  const isArchive = format === "tar.gz" || format === "zip";
  if (isArchive !== (artifact.member !== null)) {
    throw fields.error("member", isArchive ? "a name" : `null with "${format}"`, artifact.member);
  }
  const isItself =
    artifact.size === artifact.binary.size && artifact.sha256 === artifact.binary.sha256;
  if (format === "raw" && !isItself) {
    throw fields.error("binary", 'the file itself with "raw"', artifact.binary);
  }
  return artifact;
}
