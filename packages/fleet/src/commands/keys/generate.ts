import { resolve } from "node:path";
import { generateKey, writeKeyFile } from "../../trust/keys.js";
import { UsageError } from "../../usage-error.js";
import { addCommand } from "../add-command.js";

const NEXT_STEPS = {
  root: "Put the public key under `trust.roots` of every sync.config.yaml, and keep the file offline",
  release: "Name the public key in a keyset that the roots sign: `tideline-sync keys sign-keyset`",
} as const;

/** `tideline-sync keys generate root|release`: makes a key pair in a file that only its owner may read. */
export const addGenerate = addCommand<{ out: string }>({
  usage: "generate <role>",
  summary: "Make a key: of a root, which stays offline, or for signing releases",
  examples: [
    "tideline-sync keys generate root --out root-1.pem",
    "tideline-sync keys generate release --out release.pem",
  ],
  options: (command) => command.requiredOption("--out <file>", "the file to make; it must be new"),
  run: async ({ words: [role = ""], options, terminal }) => {
    if (role !== "root" && role !== "release") {
      throw new UsageError(`Cannot generate key: expected "root" or "release", got "${role}"`);
    }
    const path = resolve(terminal.cwd, options.out);
    const key = generateKey();
    await writeKeyFile(path, key);
    const { keyId, publicKey } = key;
    return {
      text: `id:         ${keyId}\npublic key: ${publicKey}\nfile:       ${path}\n\n${NEXT_STEPS[role]}`,
      json: { role, keyId, publicKey, path, nextStep: NEXT_STEPS[role] },
    };
  },
});
