import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { findImageTools } from "./find-image-tools.js";

const run = promisify(execFile);

/** Gives what skopeo prints. */
export async function skopeo(...args: readonly string[]): Promise<string> {
  const tools = await findImageTools();
  const { stdout } = await run(tools.skopeo, args, { maxBuffer: 16 * 1024 * 1024 });
  return stdout;
}

/** Gives the digest of an image on loopback or in a file, by the bytes of its manifest. */
export async function readDigest(image: string): Promise<string> {
  const local = image.startsWith("docker://") ? ["--tls-verify=false"] : [];
  const manifest = await skopeo("inspect", "--raw", ...local, image);
  return `sha256:${createHash("sha256").update(manifest).digest("hex")}`;
}
