/** Ed25519 keys: the fleet's offline roots and its release keys. Private ones live in PEM files of mode 0600. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from "node:crypto";
import { open, readFile, stat } from "node:fs/promises";
import { unreadFile } from "../unread-file.js";
import { UsageError } from "../usage-error.js";

/** A private key with what names it. */
export interface SigningKey {
  /** First 16 hex digits of the sha256 of the raw public key. */
  readonly keyId: string;
  /** Raw public key, 32 bytes in base64; as `trust.roots` and keysets hold it. */
  readonly publicKey: string;
  readonly privateKey: KeyObject;
}

// SubjectPublicKeyInfo of Ed25519 up to the 32 bytes of the key itself (RFC 8410, clause 4).
const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");

/** Makes a new key pair. */
export function generateKey(): SigningKey {
  return signingKey(generateKeyPairSync("ed25519").privateKey);
}

/** Gives the id of a raw public key (32 bytes in base64). */
export function keyId(publicKey: string): string {
  return createHash("sha256").update(Buffer.from(publicKey, "base64")).digest("hex").slice(0, 16);
}

/**
 * Gives the key object of a raw public key.
 *
 * @throws {UsageError} If it is not 32 bytes in the one spelling that base64 has for them.
 */
export function publicKeyObject(publicKey: string): KeyObject {
  const raw = Buffer.from(publicKey, "base64");
  if (raw.length !== 32 || raw.toString("base64") !== publicKey) {
    throw new UsageError(
      `Cannot read public key: expected 32 bytes as 44 characters of base64, got "${publicKey.slice(0, 80)}"`,
    );
  }
  return createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: "der", type: "spki" });
}

/**
 * Reads a private key out of its PEM text (PKCS #8), as a CI system hands it over in a variable.
 *
 * @throws {UsageError} If it is none, or none of Ed25519. The text is never part of the message.
 */
export function parsePrivateKey(pem: string): SigningKey {
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(pem);
  } catch {
    // The parser's own error may quote what it was given.
    throw new UsageError("Cannot read private key: expected a PEM text (PKCS #8), got another");
  }
  if (privateKey.asymmetricKeyType !== "ed25519") {
    throw new UsageError(
      `Cannot read private key: expected Ed25519, got "${privateKey.asymmetricKeyType}"`,
    );
  }
  return signingKey(privateKey);
}

/** Gives a private key as PEM text (PKCS #8). */
export function privateKeyPem({ privateKey }: SigningKey): string {
  return privateKey.export({ format: "pem", type: "pkcs8" }) as string;
}

/**
 * Writes a private key to a new file that only its owner may read.
 *
 * @throws {UsageError} If there is a file of that name: a key that is overwritten is lost for good.
 */
export async function writeKeyFile(path: string, key: SigningKey): Promise<void> {
  try {
    const handle = await open(path, "wx", 0o600);
    try {
      await handle.chmod(0o600);
      await handle.writeFile(privateKeyPem(key));
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
    throw new UsageError(`Cannot write key: expected no file at "${path}", got one`, { cause });
  }
}

/**
 * Reads a private key from its file.
 *
 * @throws {UsageError} If it cannot be read, is no key, or others may read it too.
 */
export async function readKeyFile(path: string): Promise<SigningKey> {
  const text = await readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
    throw new UsageError(
      `Cannot read key: expected a file at "${path}", got ${unreadFile(cause)}`,
      { cause },
    );
  });
  // Windows has no such bits; stat makes them up there.
  const mode = process.platform === "win32" ? 0 : (await stat(path)).mode & 0o077;
  if (mode !== 0) {
    throw new UsageError(
      `Cannot use key "${path}": expected a file that only its owner may read, got one that others may; run \`chmod 600 ${path}\``,
    );
  }
  return parsePrivateKey(text);
}

function signingKey(privateKey: KeyObject): SigningKey {
  const der = createPublicKey(privateKey).export({ format: "der", type: "spki" });
  const publicKey = der.subarray(SPKI_PREFIX.length).toString("base64");
  return { keyId: keyId(publicKey), publicKey, privateKey };
}
