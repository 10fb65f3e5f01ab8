import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { type Answer, refuse } from "./answer.js";
import { matchesEtag } from "./matches-etag.js";

interface Script {
  readonly stamp: string;
  readonly plain: Buffer;
  readonly zipped: Buffer;
  readonly etag: string;
}

/** The script for pages without a bundle, read from a built file. */
export class PageScript {
  readonly #path: string;
  #script: Script | null = null;

  /** @param path @default The file of `@tideline/browser` */
  constructor(path = findScript()) {
    this.#path = path;
  }

  /** Answers a request for it. */
  async answer(header: (name: string) => string | null | undefined): Promise<Answer> {
    const script = await this.#read();
    if (script === null) {
      return refuse(
        "NOT_FOUND",
        "Cannot serve tideline.js: build @tideline/browser first (npm run build)",
      );
    }
    const isZipped = /\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/.test(header("accept-encoding") ?? "");
    // Another tag for another encoding: the same one for both bodies would be no strong tag.
    const etag = isZipped ? `"${script.etag}-gzip"` : `"${script.etag}"`;
    const headers = {
      "Content-Type": "text/javascript; charset=utf-8",
      "Cache-Control": "public, max-age=300",
      // Pages of other origins load it, those that isolate themselves included.
      "Cross-Origin-Resource-Policy": "cross-origin",
      ETag: etag,
      Vary: "Accept-Encoding",
    };
    if (matchesEtag(header("if-none-match"), etag)) return { status: 304, headers, body: "" };
    return isZipped
      ? { status: 200, headers: { ...headers, "Content-Encoding": "gzip" }, body: script.zipped }
      : { status: 200, headers, body: script.plain };
  }

  /** Reads the file anew when it was built anew; null if it is not there. */
  async #read(): Promise<Script | null> {
    try {
      const { mtimeMs, size } = await stat(this.#path);
      const stamp = `${mtimeMs} ${size}`;
      if (this.#script?.stamp !== stamp) {
        const plain = await readFile(this.#path);
        const etag = createHash("sha256").update(plain).digest("base64url").slice(0, 27);
        this.#script = { stamp, plain, zipped: await promisify(gzip)(plain), etag };
      }
      return this.#script;
    } catch {
      // Not built, or being built at this moment: what was read last is better than nothing.
      return this.#script;
    }
  }
}

function findScript(): string {
  try {
    return createRequire(import.meta.url).resolve("@tideline/browser/tideline.js");
  } catch {
    // Bundled without it: an empty path is a file that is never there.
    return "";
  }
}
