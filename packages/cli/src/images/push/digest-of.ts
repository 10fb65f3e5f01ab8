import { createHash } from "node:crypto";

/**
 * Gives the digest of a manifest. Computed from its bytes: what a registry says of itself may be a
 * cache's answer.
 */
export function digestOf(manifest: Uint8Array): string {
  return `sha256:${createHash("sha256").update(manifest).digest("hex")}`;
}
