/** The options of `tideline-sync publish`, read. */
import { resolve } from "node:path";
import { MAX_SEQ, OID, PLATFORM, type ReleaseManifest, SHA256 } from "@tideline/version/fleet";
import { DURATION_FORM, parseDuration } from "../../config/duration.js";
import type { SubsystemConfig } from "../../config/sync-config.js";
import type { BuiltFile } from "../../publish/pack-files.js";
import { UsageError } from "../../usage-error.js";

/** As commander gives them. */
export interface PublishOptions {
  readonly version?: string;
  readonly file?: readonly string[];
  readonly from?: string;
  /** False for `--no-run`. */
  readonly run: boolean;
  readonly seq?: string;
  readonly critical?: true;
  readonly notes?: string;
  readonly revert?: string;
  readonly renew?: true;
  readonly revoke?: readonly string[];
  readonly again?: true;
  readonly unsafeRollback?: true;
  readonly minSync?: string;
  readonly expires?: string;
  readonly commit?: string;
  readonly tag?: string;
  readonly key?: readonly string[];
  readonly keyset?: string;
  /** False for `--no-ledger`. */
  readonly ledger: boolean;
  readonly dryRun?: true;
}

/** Which bytes are meant: an older release's, or files of this machine. */
export type WhichBytes =
  | { readonly kind: "release"; readonly seq: number | "newest" }
  | { readonly kind: "files"; readonly files: readonly BuiltFile[] }
  /** What `tideline-sync build --out` has left in a folder. */
  | { readonly kind: "builds"; readonly folder: string }
  /** Nothing was named: what was built here, or runs here. */
  | { readonly kind: "here" };

/** @throws {UsageError} If options contradict each other, or one cannot be read. */
export function readWhichBytes(options: PublishOptions, cwd: string): WhichBytes {
  const { revert, renew, revoke, from, file = [] } = options;
  const named = [
    ...(revert === undefined ? [] : ["--revert"]),
    ...(renew === undefined ? [] : ["--renew"]),
    ...(file.length === 0 ? [] : ["--file"]),
    ...(from === undefined ? [] : ["--from"]),
  ];
  if (named.length > 1) {
    throw new UsageError(`Cannot publish: expected one of ${named.join(" and ")}, got both`);
  }
  if (revert !== undefined) return { kind: "release", seq: readSeq("--revert", revert) };
  // A revocation alone goes out with the newest release once more.
  const isRevocation = revoke !== undefined && named.length === 0 && options.version === undefined;
  if (renew !== undefined || isRevocation) return { kind: "release", seq: "newest" };
  if (from !== undefined) return { kind: "builds", folder: resolve(cwd, from) };
  if (file.length === 0) return { kind: "here" };
  return { kind: "files", files: file.map((one) => readFileOption(one, cwd)) };
}

function readFileOption(text: string, cwd: string): BuiltFile {
  const at = text.indexOf("=");
  const platform = text.slice(0, Math.max(at, 0));
  const path = text.slice(at + 1);
  if (at > 0 && PLATFORM.test(platform) && path !== "") {
    return { platform, path: resolve(cwd, path) };
  }
  throw new UsageError(
    `Cannot publish: expected --file as "linux-x64-glibc=PATH" or "darwin-arm64=PATH", got "${text}"`,
  );
}

/** @throws {UsageError} */
export function readSeq(option: string, text: string): number {
  const seq = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  if (seq >= 1 && seq <= MAX_SEQ) return seq;
  throw new UsageError(
    `Cannot publish: expected a release's number after ${option}, got "${text}"`,
  );
}

/** @throws {UsageError} */
export function readRevoked({ revoke = [] }: PublishOptions): readonly string[] {
  for (const sha256 of revoke) {
    if (!SHA256.test(sha256)) {
      throw new UsageError(
        `Cannot publish: expected the sha256 of a binary after --revoke, 64 hex digits in lower case, got "${sha256}"`,
      );
    }
  }
  return revoke;
}

/** @throws {UsageError} */
export function readExpiry({ expires }: PublishOptions): number | undefined {
  if (expires === undefined) return undefined;
  const ms = parseDuration(expires);
  if (ms !== null && ms > 0) return ms;
  throw new UsageError(
    `Cannot publish: expected ${DURATION_FORM} after --expires, got "${expires}"`,
  );
}

/**
 * What the files were built from, as whoever has built them says; null if nobody says.
 *
 * @throws {UsageError}
 */
export function readUpstream(
  { commit, tag }: PublishOptions,
  { name, upstream }: SubsystemConfig,
): ReleaseManifest["upstream"] {
  if (commit === undefined) {
    if (tag === undefined) return null;
    throw new UsageError("Cannot publish: expected --commit beside --tag, got none");
  }
  if (!OID.test(commit)) {
    throw new UsageError(
      `Cannot publish: expected a whole commit after --commit, 40 or 64 hex digits, got "${commit}"`,
    );
  }
  const [url] = upstream?.remotes ?? [];
  if (url !== undefined) return { url, tag: tag ?? null, oid: commit };
  throw new UsageError(
    `Cannot publish: expected \`upstream\` of ${name} in the configuration beside --commit, got none`,
  );
}
