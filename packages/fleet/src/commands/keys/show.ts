import { resolve } from "node:path";
import { readKeyFile } from "../../trust/keys.js";
import { addCommand } from "../add-command.js";

/** `tideline-sync keys show FILE`: what is public of a private key. */
export const addShow = addCommand({
  usage: "show <file>",
  summary: "Show id and public key of a key file",
  examples: ["tideline-sync keys show release.pem"],
  run: async ({ words: [file = ""], terminal }) => {
    const { keyId, publicKey } = await readKeyFile(resolve(terminal.cwd, file));
    return { text: `id:         ${keyId}\npublic key: ${publicKey}`, json: { keyId, publicKey } };
  },
});
