import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const DOCUMENT = fileURLToPath(new URL("../../../../docs/nginx.md", import.meta.url));

/** What the documented block is to be run with. */
export interface BlockPorts {
  readonly port: number;
  /** The gateways, in the place of 8780 and 8781. */
  readonly gateways: readonly [number, number];
  /** The application, in the place of 8000. */
  readonly application: number;
}

/** Gives the block of docs/nginx.md, with these ports in the place of its own. */
export async function documentedBlock(ports: BlockPorts): Promise<string> {
  const block = await fenceOf("/etc/nginx/conf.d/tideline.conf");
  return change(block, [
    ["listen 80;", `listen 127.0.0.1:${ports.port};`],
    ["127.0.0.1:8780", `127.0.0.1:${ports.gateways[0]}`],
    ["127.0.0.1:8781", `127.0.0.1:${ports.gateways[1]}`],
    ["127.0.0.1:8000", `127.0.0.1:${ports.application}`],
  ]);
}

/** Gives the lines of docs/nginx.md that belong outside of `http`. */
export async function documentedRoom(): Promise<string> {
  return await fenceOf("/etc/nginx/nginx.conf");
}

/** Gives the lines of docs/nginx.md for TLS with HTTP/2, with this certificate. */
export async function documentedTls(
  port: number,
  files: { readonly certificate: string; readonly key: string },
): Promise<string> {
  return change(await fenceOf("in the server block"), [
    ["listen 443 ssl http2;", `listen 127.0.0.1:${port} ssl http2;`],
    ["/etc/ssl/example.com.pem", files.certificate],
    ["/etc/ssl/example.com.key", files.key],
  ]);
}

/** Replaces texts that each must be there once, so that a test fails when the document changes. */
export function change(text: string, pairs: readonly (readonly [string, string])[]): string {
  return pairs.reduce((changed, [from, to]) => {
    const parts = changed.split(from);
    if (parts.length === 2) return parts.join(to);
    throw new Error(`docs/nginx.md has "${from}" ${parts.length - 1} times where it needs it once`);
  }, text);
}

async function fenceOf(head: string): Promise<string> {
  const text = await readFile(DOCUMENT, "utf8");
  for (const [, fence = ""] of text.matchAll(/^```nginx\n(.*?)^```$/gms)) {
    if (fence.trimStart().startsWith(`# ${head}\n`)) return fence;
  }
  throw new Error(`docs/nginx.md has no block that begins with "# ${head}"`);
}
