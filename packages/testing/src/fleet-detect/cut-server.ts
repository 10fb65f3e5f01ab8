/** Serves the beginning of a recorded listing over real HTTP, thousands of times: no git is started. */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What is served next. */
export interface CutListing {
  readonly part: Buffer;
  /** Of the whole. */
  readonly length: number;
  /** As the git server's faults. */
  readonly kind: "cut" | "close" | "shorten";
  /** As the first answer, of a server without protocol 2. */
  readonly isOld: boolean;
}

/** The running server. */
export interface CutServer {
  readonly url: string;
  next: CutListing;
  close(): Promise<void>;
}

const CAPABILITIES = "000eversion 2\n000cls-refs\n0000";

/** Starts it on a free port. */
export async function startCutServer(): Promise<CutServer> {
  const server = createServer((request, response) => {
    request.resume();
    const isFirst = request.method === "GET";
    const type = `application/x-git-upload-pack-${isFirst ? "advertisement" : "result"}`;
    if (isFirst && !rig.next.isOld)
      response.writeHead(200, { "content-type": type }).end(CAPABILITIES);
    else send(response, type, rig.next);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const rig: CutServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    next: { part: Buffer.alloc(0), length: 0, kind: "cut", isOld: false },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return rig;
}

/** Records what a real server answers to somebody who asks for all its tags, in both protocols. */
export async function recordListings(
  url: string,
): Promise<{ readonly v1: Buffer; readonly v2: Buffer }> {
  const v1 = await fetch(`${url}/info/refs?service=git-upload-pack`);
  const v2 = await fetch(`${url}/git-upload-pack`, {
    method: "POST",
    headers: {
      "git-protocol": "version=2",
      "content-type": "application/x-git-upload-pack-request",
    },
    body: "0014command=ls-refs\n00010009peel\n001aref-prefix refs/tags/v0000",
  });
  return { v1: Buffer.from(await v1.arrayBuffer()), v2: Buffer.from(await v2.arrayBuffer()) };
}

function send(response: ServerResponse, type: string, { part, length, kind }: CutListing): void {
  if (kind === "close") {
    response.socket?.write(`HTTP/1.0 200 OK\r\ncontent-type: ${type}\r\nconnection: close\r\n\r\n`);
    response.socket?.end(part);
    return;
  }
  const named = kind === "cut" ? length : part.length;
  response.writeHead(200, { "content-type": type, "content-length": named });
  if (kind === "shorten") response.end(part);
  else {
    response.flushHeaders();
    response.write(part, () => response.socket?.destroy());
  }
}
