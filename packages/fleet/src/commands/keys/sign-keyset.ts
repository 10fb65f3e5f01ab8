import { resolve } from "node:path";
import type { Keyset } from "@tideline/version/fleet";
import { DURATION_FORM, parseDuration } from "../../config/duration.js";
import { readKeyFile } from "../../trust/keys.js";
import { readKeysetFile, writeKeysetFile } from "../../trust/keyset-file.js";
import { addKeysetSignatures, signKeyset } from "../../trust/sign-keyset.js";
import { UsageError } from "../../usage-error.js";
import { addCommand } from "../add-command.js";
import { describeKeyset } from "./describe-keyset.js";

interface SignKeysetOptions {
  readonly root: readonly string[];
  readonly out: string;
  readonly from?: string;
  readonly releaseKey?: readonly string[];
  readonly version?: string;
  readonly expires?: string;
  readonly threshold?: string;
}

/** `tideline-sync keys sign-keyset`: says, with offline roots, which keys may sign releases. */
export const addSignKeyset = addCommand<SignKeysetOptions>({
  usage: "sign-keyset",
  summary: "Say with the offline roots which keys may sign releases, and until when",
  examples: [
    "tideline-sync keys sign-keyset --root root-1.pem --release-key uXk…= --version 1 --expires 365d --out keyset.json",
    "tideline-sync keys sign-keyset --root root-2.pem --from keyset.json --out keyset.json",
  ],
  options: (command) =>
    command
      .requiredOption("--root <file...>", "key files of roots that sign")
      .requiredOption("--out <file>", "where the keyset is written")
      .option("--from <file>", "add signatures to this keyset instead of making one")
      .option("--release-key <key...>", "public keys that may sign releases")
      .option("--version <number>", "higher than that of every keyset before")
      .option("--expires <when>", "a day (2027-12-31), a moment, or a length of time (365d)")
      .option("--threshold <number>", "how many of the keys must sign a release (default: 1)"),
  run: async ({ options, terminal }) => {
    const roots = await Promise.all(
      options.root.map((file) => readKeyFile(resolve(terminal.cwd, file))),
    );
    const { from } = options;
    const signed = await asUsage(async () =>
      from === undefined
        ? signKeyset(newKeyset(options, Date.now()), roots)
        : addKeysetSignatures(
            await readKeysetFile(resolve(terminal.cwd, unchanged(options, from))),
            roots,
          ),
    );
    const path = resolve(terminal.cwd, options.out);
    await writeKeysetFile(path, signed);
    const { text, json } = describeKeyset(signed, null);
    return { text: `${text}\nfile:       ${path}`, json: { ...json, path } };
  },
});

function newKeyset(options: SignKeysetOptions, now: number): Keyset {
  const { releaseKey = [], version, expires, threshold = "1" } = options;
  return {
    format: 1,
    version: wholeNumber("--version", version),
    expiresAt: readExpiry(expires, now),
    releaseKeys: releaseKey,
    threshold: wholeNumber("--threshold", threshold),
  };
}

/** What roots sign together must be the same text, so nothing of it may be said anew. */
function unchanged(options: SignKeysetOptions, from: string): string {
  const said = (["releaseKey", "version", "expires", "threshold"] as const).find(
    (name) => options[name] !== undefined,
  );
  if (said === undefined) return from;
  const flag = said === "releaseKey" ? "release-key" : said;
  throw new UsageError(`Cannot sign keyset: expected no --${flag} beside --from, got one`);
}

function wholeNumber(flag: string, text: string | undefined): number {
  if (text !== undefined && /^[1-9]\d{0,9}$/.test(text)) return Number(text);
  throw new UsageError(`Cannot sign keyset: expected a whole number for ${flag}, ${got(text)}`);
}

function readExpiry(text: string | undefined, now: number): number {
  const length = parseDuration(text);
  const isMoment = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{3})?)?Z)?$/.test(text ?? "");
  const at = length !== null ? now + length : isMoment ? Date.parse(text ?? "") : Number.NaN;
  if (at > now) return at;
  throw new UsageError(
    `Cannot sign keyset: expected a day to come or ${DURATION_FORM} for --expires, ${got(text)}`,
  );
}

function got(text: string | undefined): string {
  return text === undefined ? "got none" : `got "${text}"`;
}

/** What a parser has against a keyset is said by the command line that made it. */
async function asUsage<Value>(make: () => Promise<Value>): Promise<Value> {
  try {
    return await make();
  } catch (cause) {
    if (
      !(cause instanceof TypeError || cause instanceof RangeError || cause instanceof SyntaxError)
    ) {
      throw cause;
    }
    throw new UsageError(cause.message, { cause });
  }
}
