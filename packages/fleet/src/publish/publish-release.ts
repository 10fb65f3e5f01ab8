/**
 * Publishes one release: a draft on the release host, all its files, every file read back, then
 * public, then the ledger. Run again after a crash at any moment it ends with exactly one release.
 *
 * ```text
 * known? -> claim a draft -> sign -> upload -> read back -> still ours? -> public -> same files? -> ledger
 * ```
 */
import type { ReleaseManifest, SignedRelease } from "@tideline/version/fleet";
import { SyncError } from "../sync-error.js";
import { buildManifest } from "./build-manifest.js";
import { claimRelease, removeStaleDrafts, requireOurs } from "./claim-release.js";
import {
  type KnownReleases,
  readKnownReleases,
  signedFileName,
  type VerifiedRelease,
} from "./known-releases.js";
import { sha256Of } from "./package-binary.js";
import {
  artifactsOf,
  type Publication,
  type PublishDeps,
  type PublishRequest,
} from "./publish-request.js";
import { publicUrl, releaseTag } from "./release-names.js";
import { type Resolved, resolveContent } from "./resolve-content.js";
import { tellLedger } from "./tell-ledger.js";
import { type ReleaseFile, readBack, requireSameFiles, uploadFiles } from "./upload-files.js";

/**
 * Publishes, or finishes what an earlier run began.
 *
 * @throws {SyncError} `PUBLISH_CONFLICT`, `DOWNGRADE`, `REVOKED`, `READ_BACK_FAILED`, `LEDGER_REFUSED`
 *   and what signer and release host throw. The ledger hears of nothing that is not public and whole.
 */
export async function publishRelease(
  request: PublishRequest,
  deps: PublishDeps,
): Promise<Publication> {
  const { subsystem } = request;
  const known = await readKnown(subsystem, deps);
  const resolved = await resolveContent(request, known, { ...deps, subsystem });
  if (resolved.kind === "published") {
    const { manifest, signed, host } = resolved.release;
    deps.log(`${subsystem} ${manifest.version} is published already, as release ${manifest.seq}`);
    const ledger = await tellLedger(signed, manifest, deps);
    return { ...publicationOf(resolved.release), page: host?.page ?? null, ledger };
  }
  const { version, isAgain } = resolved;
  const claim = { subsystem, version, seq: request.seq, isAgain, notes: request.notes };
  const claimed = await claimRelease(claim, known, deps);
  const { release: draft, seq } = claimed;
  const urlOf = (name: string) => publicUrl(draft.page, draft.tag, name);
  const { manifest, signed, files } = sign(request, resolved, known, seq, urlOf, deps);
  await uploadFiles(draft, files, deps);
  const assets = await readBack(draft, files, deps);
  await deps.atStep?.("read-back");
  // Uploading takes minutes; somebody may have published a higher one meanwhile.
  await requireOurs(claimed, subsystem, deps);
  await deps.host.publish(draft.id);
  await deps.atStep?.("published");
  const release = await deps.host.read(draft.id);
  if (release === null || release.isDraft) {
    throw new SyncError(
      "READ_BACK_FAILED",
      `Cannot publish ${draft.tag}: expected it to be public, got ${release === null ? "no release" : "a draft"}`,
    );
  }
  await requireSameFiles(release, assets, urlOf);
  await removeStaleDrafts(claimed, subsystem, deps);
  const ledger = await tellLedger(signed, manifest, deps);
  await deps.atStep?.("told");
  const { tag, page } = release;
  return { subsystem, seq, version, tag, page, manifest, signed, isNew: true, ledger };
}

/**
 * Does everything that needs no write: reads what is there, decides, and signs with the `seq` that it
 * would get. Sends nothing but GET.
 */
export async function planRelease(
  request: PublishRequest,
  deps: PublishDeps,
): Promise<Publication> {
  const { subsystem } = request;
  const known = await readKnown(subsystem, deps);
  const resolved = await resolveContent(request, known, { ...deps, subsystem });
  if (resolved.kind === "published") {
    return { ...publicationOf(resolved.release), page: null, ledger: null };
  }
  const { version, isAgain } = resolved;
  const seq = request.seq ?? known.highestClaim + 1;
  const tag = releaseTag(subsystem, version, isAgain ? seq : null);
  const page = `${deps.host.page}/releases/`;
  const urlOf = (name: string) => publicUrl(page, tag, name);
  const { manifest, signed } = sign(request, resolved, known, seq, urlOf, deps);
  return { subsystem, seq, version, tag, page: null, manifest, signed, isNew: true, ledger: null };
}

/** A release that is public already. */
function publicationOf({
  manifest,
  signed,
  host,
}: VerifiedRelease): Omit<Publication, "page" | "ledger"> {
  const { subsystem, seq, version } = manifest;
  const tag = host?.tag ?? releaseTag(subsystem, version, null);
  return { subsystem, seq, version, tag, manifest, signed, isNew: false };
}

/** What is known of the subsystem's releases. */
export function readKnown(subsystem: string, deps: PublishDeps): Promise<KnownReleases> {
  const { ledger } = deps;
  const seenSeq = Math.max(deps.seenSeq, ledger?.highestSeq?.(subsystem) ?? 0);
  return readKnownReleases({ ...deps, subsystem, seenSeq, targets: ledger?.targets() ?? null });
}

function sign(
  request: PublishRequest,
  resolved: Extract<Resolved, { kind: "new" }>,
  { newest }: KnownReleases,
  seq: number,
  urlOf: (name: string) => string,
  { signer, now }: PublishDeps,
): { manifest: ReleaseManifest; signed: SignedRelease; files: ReleaseFile[] } {
  const { version, upstream, packages, reverts } = resolved;
  const artifacts = resolved.artifacts ?? artifactsOf(packages, urlOf);
  const before = newest?.manifest ?? null;
  const facts = { seq, version, upstream, artifacts, reverts, before, now: now() };
  const manifest = buildManifest(request, facts);
  const signed = signer.sign(manifest);
  const text = Buffer.from(`${JSON.stringify(signed, null, 2)}\n`);
  const files = packages.map(({ fileName: name, bytes, sha256 }) => ({ name, bytes, sha256 }));
  // Last: who sees it among a draft's files knows that the others are there.
  files.push({ name: signedFileName(request.subsystem), bytes: text, sha256: sha256Of(text) });
  return { manifest, signed, files };
}
