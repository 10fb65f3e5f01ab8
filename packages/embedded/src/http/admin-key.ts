import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { EncodedValue, Identity } from "../contract.js";

/** The deployment's admin key, and who shows it. */
export interface AdminKey {
  readonly text: string;
  /**
   * @param shown The key, or `key:<base64 of a JSON identity>` to act as that user.
   * @returns null if it is not this deployment's key.
   */
  identify(shown: string): (Identity & { readonly kind: "admin" }) | null;
}

/**
 * Reads the admin key from the data folder, or makes one: `tideline-embedded|<64 hex digits>`, in
 * a file that only its owner may read.
 *
 * @throws {Error} If the file cannot be read or written.
 */
export async function loadAdminKey(dataDir: string): Promise<AdminKey> {
  const file = join(dataDir, "admin-key");
  const made = `tideline-embedded|${randomBytes(32).toString("hex")}`;
  try {
    await writeFile(file, `${made}\n`, { mode: 0o600, flag: "wx" });
    return createAdminKey(made);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
  const kept = (await readFile(file, "utf8")).trim();
  if (kept === "") throw new Error(`Cannot read the admin key: "${file}" is empty; delete it`);
  await chmod(file, 0o600);
  return createAdminKey(kept);
}

/**
 * @param text The whole key, `name|secret`.
 * @throws {RangeError} If it is empty, for then everybody would have it.
 */
export function createAdminKey(text: string): AdminKey {
  if (text.trim() === "") throw new RangeError("Cannot use an empty admin key");
  const expected = digest(text);
  // Hashes have one length, and comparing them takes the same time wherever they differ.
  const isKey = (shown: string) =>
    timingSafeEqual(digest(shown), expected) ||
    timingSafeEqual(digest(withoutDeploymentType(shown)), expected);
  return {
    text,
    identify(shown) {
      if (isKey(shown)) return { kind: "admin" };
      const colon = shown.lastIndexOf(":");
      if (colon === -1 || !isKey(shown.slice(0, colon))) return null;
      const actingAs = parseIdentity(shown.slice(colon + 1));
      return actingAs === null ? null : { kind: "admin", actingAs };
    },
  };
}

/** The CLI may put the deployment's type before the key: `dev:name|secret`. */
function withoutDeploymentType(shown: string): string {
  return shown.replace(/^[a-z]+:(?=[^:|]*\|)/, "");
}

function parseIdentity(base64: string): { readonly [claim: string]: EncodedValue } | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(base64, "base64").toString("utf8"));
    if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
    return value as { readonly [claim: string]: EncodedValue };
  } catch {
    // Not base64 of JSON, so not an identity.
    return null;
  }
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
