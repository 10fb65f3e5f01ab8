import { readFile, writeFile } from "node:fs/promises";
import { ScriptError } from "./script-error.js";

const MARKER = "# Written by npm start, so that npx convex finds the server on this machine.";

/**
 * Writes `.env.local`, where the official CLI looks for the deployment it talks to.
 *
 * @returns False if there is one that a person wrote; it stays as it is.
 * @throws {ScriptError} If it cannot be written.
 */
export async function writeEnvFile(
  path: string,
  { url, adminKey }: { readonly url: string; readonly adminKey: string },
): Promise<boolean> {
  const text = [
    MARKER,
    `CONVEX_SELF_HOSTED_URL=${url}`,
    `CONVEX_SELF_HOSTED_ADMIN_KEY='${adminKey}'`,
    "",
  ].join("\n");
  try {
    const found = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return null;
      throw error;
    });
    if (found !== null && !found.startsWith(MARKER)) return false;
    if (found !== text) await writeFile(path, text, { mode: 0o600 });
    return true;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new ScriptError(
      `Cannot tell npx convex of the server in "${path}": ${code ?? message}; name a file that can be written with --convex-env`,
      { cause: error },
    );
  }
}
