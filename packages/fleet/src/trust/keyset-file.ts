import { readFile } from "node:fs/promises";
import { parseKeyset, parseSignedKeyset } from "@tideline/version/fleet";
import { unreadFile } from "../unread-file.js";
import { UsageError } from "../usage-error.js";
import { replaceFile } from "../write-file.js";
import type { SignedKeyset } from "./sign-keyset.js";

/**
 * Reads a keyset file, as `tideline-sync keys sign-keyset` writes it. Its signatures are not looked
 * at; `verifyKeyset` does.
 *
 * @throws {UsageError} If it cannot be read or is none.
 */
export async function readKeysetFile(path: string): Promise<SignedKeyset> {
  const text = await readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
    throw new UsageError(
      `Cannot read keyset: expected a file at "${path}", got ${unreadFile(cause)}`,
      { cause },
    );
  });
  try {
    const signed = parseSignedKeyset(text);
    parseKeyset(signed.keyset);
    return signed;
  } catch (cause) {
    throw new UsageError(`${(cause as Error).message} (in "${path}")`, { cause });
  }
}

/** Writes a keyset file. It holds no secret. */
export async function writeKeysetFile(path: string, keyset: SignedKeyset): Promise<void> {
  await replaceFile(path, `${JSON.stringify(keyset, null, 2)}\n`, { mode: 0o644 });
}
