import type { IncomingMessage } from "node:http";

/** A body, or why there is none. */
export type Body =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly why: "too-large" | "cut-off" };

/** Reads bodies, and holds no more of them at once than it may. */
export interface BodyReader {
  /** Never throws. After `too-large` the rest is read and thrown away by the caller's server. */
  read(request: IncomingMessage): Promise<Body>;
}

/**
 * Gives a reader that takes bodies of up to `maxBytes`, and of all together `maxHeldBytes`: for more
 * the request that began first is cut off, as many that never end would fill the memory.
 */
export function createBodyReader({
  maxBytes,
  maxHeldBytes,
}: {
  readonly maxBytes: number;
  readonly maxHeldBytes: number;
}): BodyReader {
  const held = new Map<IncomingMessage, number>();
  let total = 0;

  function hold(request: IncomingMessage, bytes: number): void {
    held.set(request, (held.get(request) ?? 0) + bytes);
    total += bytes;
    while (total > maxHeldBytes) {
      const [oldest] = held.keys();
      if (oldest === undefined || oldest === request) return;
      release(oldest);
      oldest.destroy();
    }
  }

  function release(request: IncomingMessage): void {
    total -= held.get(request) ?? 0;
    held.delete(request);
  }

  return {
    read(request) {
      return new Promise((resolve) => {
        const chunks: Uint8Array[] = [];
        let size = 0;
        const settle = (body: Body) => {
          request.off("data", take);
          release(request);
          resolve(body);
        };
        const take = (chunk: Buffer) => {
          size += chunk.length;
          if (size > maxBytes) settle({ ok: false, why: "too-large" });
          else {
            chunks.push(chunk);
            hold(request, chunk.length);
          }
        };
        request.on("data", take);
        request.once("end", () => settle({ ok: true, bytes: Buffer.concat(chunks) }));
        // Also after an error; a promise that is settled stays as it is.
        request.once("close", () => settle({ ok: false, why: "cut-off" }));
        request.once("error", () => settle({ ok: false, why: "cut-off" }));
      });
    },
  };
}
