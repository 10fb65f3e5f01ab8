import { dirname } from "node:path";
import { hashFile } from "../artifact/hash-file.js";
import { UsageError } from "../usage-error.js";
import { readVersionFile, type VersionFile } from "./version-file.js";

/**
 * What lies at a live path now.
 *
 * ```text
 * absent    no file: a first installation
 * known     .version tells the truth
 * unknown   a file without a readable .version: nobody knows what it is
 * drifted   .version speaks of other bytes: somebody replaced one of the two
 * ```
 *
 * Nothing is installed over what is unknown or drifted before a person has said so.
 */
export type LiveBinary =
  | { readonly state: "absent" }
  | {
      readonly state: "known";
      readonly sha256: string;
      readonly size: number;
      readonly version: VersionFile;
    }
  | {
      readonly state: "unknown";
      readonly sha256: string;
      readonly size: number;
      readonly problem: string;
    }
  | {
      readonly state: "drifted";
      readonly sha256: string;
      readonly size: number;
      readonly version: VersionFile;
    };

/**
 * Gives the sha256 and the size of what lies at a live path; null if nothing does.
 *
 * @throws {UsageError} If it is a folder.
 */
export async function hashLive(live: string): Promise<{ sha256: string; size: number } | null> {
  try {
    return await hashFile(live);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    if (code !== "EISDIR") throw error;
    throw new UsageError(`Cannot use the binary "${live}": expected a file, got a folder`, {
      cause: error,
      nextStep: "Correct `binary` in sync.config.yaml, or move the folder away",
    });
  }
}

/**
 * Reads the live binary and the `.version` beside it, and compares the two.
 *
 * @param live Absolute path of the binary.
 * @throws {UsageError} If a folder lies there.
 */
export async function readLive(live: string): Promise<LiveBinary> {
  const hashed = await hashLive(live);
  if (hashed === null) return { state: "absent" };
  const reading = await readVersionFile(dirname(live));
  switch (reading.state) {
    case "read":
      return {
        state: reading.file.checksum === hashed.sha256 ? "known" : "drifted",
        ...hashed,
        version: reading.file,
      };
    case "absent":
      return { state: "unknown", ...hashed, problem: "it has no .version" };
    case "unreadable":
      return {
        state: "unknown",
        ...hashed,
        problem: `its .version is unreadable: ${reading.problem}`,
      };
    default:
      return reading satisfies never;
  }
}
