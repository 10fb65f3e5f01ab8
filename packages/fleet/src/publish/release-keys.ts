import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseKeyset, parseSignedKeyset } from "@tideline/version/fleet";
import type { Env } from "../commands/terminal.js";
import type { SyncConfig } from "../config/sync-config.js";
import { parsePrivateKey, readKeyFile, type SigningKey } from "../trust/keys.js";
import { readKeysetFile } from "../trust/keyset-file.js";
import type { SignedKeyset } from "../trust/sign-keyset.js";
import { UsageError } from "../usage-error.js";

/** What is signed with. */
export interface ReleaseKeys {
  readonly releaseKeys: readonly SigningKey[];
  readonly keyset: SignedKeyset | null;
}

/** Where somebody has said that the keys are; paths are relative to `cwd`. */
export interface KeyPlaces {
  readonly keyFiles: readonly string[];
  readonly keysetFile: string | null;
  readonly cwd: string;
  readonly env: Env;
}

const PEM = /-----BEGIN PRIVATE KEY-----[^-]*-----END PRIVATE KEY-----/g;

/**
 * Reads release keys and keyset.
 *
 * Keys: `--key`, else `TIDELINE_RELEASE_KEY` (PEM texts, as a secret of CI holds them), else
 * `TIDELINE_RELEASE_KEY_FILE`. Keyset: `--keyset`, else `TIDELINE_KEYSET` (its JSON), else
 * `TIDELINE_KEYSET_FILE`, else `keyset.json` beside the configuration.
 *
 * @returns No key and no keyset where nothing is said: then only unsigned releases can be made.
 * @throws {UsageError} For a key without a keyset, or one of them that cannot be read.
 */
export async function readReleaseKeys(
  { path, folder }: Pick<SyncConfig, "path" | "folder">,
  places: KeyPlaces,
): Promise<ReleaseKeys> {
  const releaseKeys = await readKeys(places);
  const keyset = await readKeyset(folder, places);
  if (releaseKeys.length === 0) return { releaseKeys, keyset: null };
  if (keyset === null) {
    throw new UsageError(
      `Cannot sign: expected a keyset beside "${path}", or one that --keyset names, got none`,
    );
  }
  return { releaseKeys, keyset };
}

async function readKeys({ keyFiles, cwd, env }: KeyPlaces): Promise<SigningKey[]> {
  if (keyFiles.length > 0) {
    return await Promise.all(keyFiles.map((file) => readKeyFile(resolve(cwd, file))));
  }
  const { TIDELINE_RELEASE_KEY: text, TIDELINE_RELEASE_KEY_FILE: file } = env;
  if (text) {
    // Some CI systems keep line breaks of a secret as two characters.
    const pems = text.replaceAll("\\n", "\n").match(PEM) ?? [];
    if (pems.length === 0) {
      throw new UsageError(
        "Cannot use TIDELINE_RELEASE_KEY: expected a PEM text (PKCS #8), got another",
      );
    }
    return pems.map(parsePrivateKey);
  }
  return file ? [await readKeyFile(resolve(cwd, file))] : [];
}

async function readKeyset(
  folder: string,
  { keysetFile, cwd, env }: KeyPlaces,
): Promise<SignedKeyset | null> {
  const { TIDELINE_KEYSET: text, TIDELINE_KEYSET_FILE: named } = env;
  if (keysetFile === null && text) return parse(text);
  const file = keysetFile ?? (named || null);
  if (file !== null) return await readKeysetFile(resolve(cwd, file));
  const beside = join(folder, "keyset.json");
  const isThere = await readFile(beside).then(
    () => true,
    () => false,
  );
  return isThere ? await readKeysetFile(beside) : null;
}

function parse(text: string): SignedKeyset {
  try {
    const signed = parseSignedKeyset(text);
    parseKeyset(signed.keyset);
    return signed;
  } catch (cause) {
    throw new UsageError(`${(cause as Error).message} (in TIDELINE_KEYSET)`, { cause });
  }
}
