import { readFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import type { PlatformKey } from "@tideline/version/fleet";
import type { SubsystemConfig } from "../config/sync-config.js";
import { formatVersionFile, readVersionFile, type VersionFile } from "../swap/version-file.js";
import { SyncError } from "../sync-error.js";
import { unreadFile } from "../unread-file.js";
import { packageBinary, sha256Of } from "./package-binary.js";
import type { NamedPackage } from "./publish-request.js";
import { packageFileName } from "./release-names.js";

/** A built binary and where it runs. */
export interface BuiltFile {
  readonly platform: PlatformKey;
  /** Absolute. */
  readonly path: string;
}

/** What a binary was built from. */
export interface BuiltFrom {
  readonly commit: string;
  /** ms since epoch. */
  readonly committedAt: number;
}

/**
 * Packages binaries of one subsystem. Each file is read once: what is hashed, packed and signed are
 * the same bytes, whatever happens to the file meanwhile.
 *
 * Its `.version` says what it was built from: `from`, else what the `.version` beside it says, else it
 * has none. It holds no time of this run, so that the same binary gives the same package.
 *
 * @throws {SyncError} `OUTPUT_MISSING`; `OUTPUT_STALE` if the `.version` beside it is of other bytes.
 */
export async function packFiles(
  subsystem: SubsystemConfig,
  version: string,
  files: readonly BuiltFile[],
  from: BuiltFrom | null,
): Promise<NamedPackage[]> {
  const packages: NamedPackage[] = [];
  for (const { platform, path } of files) {
    const binary = await read(path, subsystem.name);
    const facts = await versionOf(path, sha256Of(binary), version, from);
    const name = basename(subsystem.binary);
    const isExe = platform.startsWith("windows-") && !name.endsWith(".exe");
    const { format, fileName } = subsystem.package;
    const packaged = await packageBinary({
      ...{ format, binary, member: isExe ? `${name}.exe` : name },
      versionFile: facts === null ? null : formatVersionFile(facts),
    });
    const names = { name: subsystem.name, version, platform };
    packages.push({ ...packaged, platform, fileName: packageFileName(fileName, names) });
  }
  requireOwnNames(packages, subsystem);
  return packages;
}

async function read(path: string, subsystem: string): Promise<Buffer> {
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    throw new SyncError(
      "OUTPUT_MISSING",
      `Cannot package ${subsystem}: expected a binary at "${path}", got ${unreadFile(cause)}`,
      { cause },
    );
  });
  if (bytes.length > 0) return bytes;
  throw new SyncError(
    "OUTPUT_MISSING",
    `Cannot package ${subsystem}: expected a binary at "${path}", got an empty file`,
  );
}

async function versionOf(
  path: string,
  checksum: string,
  version: string,
  from: BuiltFrom | null,
): Promise<VersionFile | null> {
  const reading = await readVersionFile(dirname(path));
  const beside = reading.state === "read" ? reading.file : null;
  if (beside !== null && beside.checksum !== checksum) {
    throw new SyncError(
      "OUTPUT_STALE",
      `Cannot package "${path}": expected the sha256 ${beside.checksum} of the .version beside it, got ${checksum}`,
    );
  }
  if (from !== null) {
    return { commit: from.commit, timestamp: from.committedAt, checksum, version, seq: null };
  }
  return beside === null ? null : { ...beside, version, seq: null };
}

/** Two platforms in one file would be one binary for both. */
function requireOwnNames(packages: readonly NamedPackage[], { name }: SubsystemConfig): void {
  const names = packages.map(({ fileName }) => fileName);
  const twice = names.find((one, index) => names.indexOf(one) !== index);
  if (twice === undefined) return;
  throw new SyncError(
    "PACKAGE_NAME_TAKEN",
    `Cannot package ${name}: expected a file for each platform, got "${twice}" for two`,
  );
}
