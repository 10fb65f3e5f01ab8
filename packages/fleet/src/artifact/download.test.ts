import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { mountTmpfs } from "@tideline/testing/mount-tmpfs";
import type { ReleaseArtifact } from "@tideline/version/fleet";
import fc from "fast-check";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { allowedAddress } from "./allowed-address.js";
import { fetchBinary } from "./fetch-binary.js";
import type { FetchRequest } from "./fetch-request.js";
import { retryAfterMs } from "./retry-after.js";

const FILE = randomBytes(1_000_000);
const NOW = Date.UTC(2026, 0, 1);
const never = new AbortController().signal;

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const sizeAndHash = (bytes: Uint8Array) => ({ size: bytes.length, sha256: sha256(bytes) });

function artifactOf(urls: readonly string[], bytes: Uint8Array = FILE): ReleaseArtifact {
  const { size, sha256 } = sizeAndHash(bytes);
  return { urls, size, sha256, format: "raw", member: null, binary: { size, sha256 } };
}

let folder: string;
let staging: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tideline-download-"));
  staging = join(folder, ".staging");
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
});

interface Rig {
  readonly url: string;
  readonly requests: IncomingMessage["headers"][];
}

type Answer = (request: IncomingMessage, response: ServerResponse, nth: number) => void;

async function serve(answer: Answer): Promise<Rig> {
  const requests: IncomingMessage["headers"][] = [];
  const server = createServer((request, response) => {
    requests.push(request.headers);
    answer(request, response, requests.length);
  });
  return { url: await listen(server), requests };
}

async function listen(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    (server as { closeAllConnections?: () => void }).closeAllConnections?.();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/file`;
}

/** Where a request wants to begin. */
const startOf = ({ headers }: IncomingMessage) => Number(/\d+/.exec(headers.range ?? "0")?.[0]);

/** Answers as an honest host does; ends the connection after `bytes` of the body. */
function send(
  request: IncomingMessage,
  response: ServerResponse,
  { bytes = FILE, cutAfter = Number.POSITIVE_INFINITY, headers = {} } = {},
): void {
  const start = startOf(request);
  const body = bytes.subarray(start);
  const range = { "content-range": `bytes ${start}-${bytes.length - 1}/${bytes.length}` };
  response.writeHead(start > 0 ? 206 : 200, {
    "content-length": body.length,
    ...(start > 0 ? range : {}),
    ...headers,
  });
  if (body.length <= cutAfter) response.end(body);
  else response.write(body.subarray(0, cutAfter), () => response.socket?.end());
}

const waits: number[] = [];
beforeEach(() => void waits.splice(0));

const get = (artifact: ReleaseArtifact, more: Partial<FetchRequest> = {}) =>
  fetchBinary({
    artifact,
    stagingFolder: staging,
    fetch,
    signal: never,
    now: () => NOW,
    wait: async (ms) => void waits.push(ms),
    ...more,
  });

const names = async () => (await readdir(staging)).sort();

describe("fetchBinary()", () => {
  test("downloads, verifies and leaves one executable file, named by its sha256", async () => {
    const { url, requests } = await serve((request, response) => send(request, response));
    const progress: number[] = [];
    const artifact = artifactOf([url]);
    const { path } = await get(artifact, { onProgress: (received) => progress.push(received) });
    expect(path).toBe(join(staging, artifact.sha256));
    expect(FILE.equals(await readFile(path))).toBe(true);
    expect((await stat(path)).mode & 0o777).toBe(0o755);
    expect(await names()).toEqual([artifact.sha256]);
    expect(progress.at(-1)).toBe(FILE.length);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatchObject({ "accept-encoding": "identity" });
    expect(requests[0]).not.toHaveProperty("authorization");
    expect(requests[0]).not.toHaveProperty("cookie");
  });

  test("fetches nothing that is there already and whole, and all that is not", async () => {
    const { url, requests } = await serve((request, response) => send(request, response));
    const artifact = artifactOf([url]);
    const { path } = await get(artifact);
    await get(artifact);
    expect(requests).toHaveLength(1);
    await writeFile(path, "something else");
    await get(artifact);
    expect(requests).toHaveLength(2);
    expect(FILE.equals(await readFile(path))).toBe(true);
  });

  test("takes the binary out of a gzip and removes the gzip", async () => {
    const binary = Buffer.from("#!/bin/sh\n".repeat(10_000));
    const packed = gzipSync(binary);
    const { url } = await serve((request, response) => send(request, response, { bytes: packed }));
    const artifact = {
      ...artifactOf([url], packed),
      format: "gz",
      binary: sizeAndHash(binary),
    } as const;
    await get(artifact);
    expect(await names()).toEqual([artifact.binary.sha256]);
    expect(binary.equals(await readFile(join(staging, artifact.binary.sha256)))).toBe(true);
  });

  test("removes what earlier runs have left of other releases, and nothing else", async () => {
    await mkdir(staging);
    for (const name of ["0".repeat(64), `${"1".repeat(64)}.part`, "notes.txt", "0".repeat(63)]) {
      await writeFile(join(staging, name), "x");
    }
    const { url } = await serve((request, response) => send(request, response));
    const artifact = artifactOf([url]);
    await get(artifact);
    expect(await names()).toEqual(["0".repeat(63), artifact.sha256, "notes.txt"].sort());
  });

  test("continues what an earlier process has left", async () => {
    const { url, requests } = await serve((request, response) => send(request, response));
    const artifact = artifactOf([url]);
    await mkdir(staging);
    await writeFile(join(staging, `${artifact.sha256}.part`), FILE.subarray(0, 600_000));
    await get(artifact);
    expect(requests.map(({ range }) => range)).toEqual(["bytes=600000-"]);
    expect(await names()).toEqual([artifact.sha256]);
  });

  test("asks nobody when an earlier process has only not renamed it", async () => {
    const { url, requests } = await serve((request, response) => send(request, response));
    const artifact = artifactOf([url]);
    await mkdir(staging);
    await writeFile(join(staging, `${artifact.sha256}.part`), FILE);
    await get(artifact);
    expect(requests).toHaveLength(0);
  });

  test.each([
    ["torn by a power cut", Buffer.alloc(600_000)],
    ["as long as the file, and another one", Buffer.alloc(FILE.length)],
    ["too long", Buffer.alloc(FILE.length + 1)],
  ])("starts anew when what is there is %s", async (_, left) => {
    const { url } = await serve((request, response) => send(request, response));
    const artifact = artifactOf([url]);
    await mkdir(staging);
    await writeFile(join(staging, `${artifact.sha256}.part`), left);
    const { path } = await get(artifact);
    expect(FILE.equals(await readFile(path))).toBe(true);
  });

  test("does not write through a symbolic link that lies where the part should be", async () => {
    const { url } = await serve((request, response) => send(request, response));
    const artifact = artifactOf([url]);
    await mkdir(staging);
    await writeFile(join(folder, "victim"), "untouched");
    await symlink(join(folder, "victim"), join(staging, `${artifact.sha256}.part`));
    await expect(get(artifact)).rejects.toMatchObject({ code: "ELOOP" });
    expect(await readFile(join(folder, "victim"), "utf8")).toBe("untouched");
  });

  test("stops when its signal aborts, gives its reason, and keeps the part", async () => {
    const controller = new AbortController();
    const { url } = await serve((request, response) =>
      send(request, response, { cutAfter: 500_000 }),
    );
    const artifact = artifactOf([url]);
    const onProgress = () => controller.abort(new Error("enough"));
    await expect(get(artifact, { signal: controller.signal, onProgress })).rejects.toThrow(
      "enough",
    );
    expect(await names()).toEqual([`${artifact.sha256}.part`]);
  });

  test("tries the addresses in order, and one continues what another has begun", async () => {
    const first = await serve((request, response, nth) => {
      if (nth === 1) send(request, response, { cutAfter: 400_000 });
      else response.writeHead(404).end();
    });
    const second = await serve((request, response) => send(request, response));
    await get(artifactOf([first.url, second.url]));
    expect(first.requests).toHaveLength(2);
    expect(startOf({ headers: second.requests[0] } as IncomingMessage)).toBeGreaterThan(0);
  });

  test("an address whose start was wrong does not spoil the next one", async () => {
    const liar = await serve((_, response, nth) => {
      if (nth > 1) return void response.writeHead(404).end();
      response.writeHead(200, { "content-length": FILE.length });
      response.write(Buffer.alloc(500_000), () => response.socket?.end());
    });
    const honest = await serve((request, response) => send(request, response));
    const { path } = await get(artifactOf([liar.url, honest.url]));
    expect(FILE.equals(await readFile(path))).toBe(true);
    expect(honest.requests.map(({ range }) => range !== undefined)).toEqual([true, false]);
  });
});

describe("row 10:", () => {
  test("a download that is cut at each tenth is resumed", async () => {
    const { url, requests } = await serve((request, response) =>
      send(request, response, { cutAfter: FILE.length / 10, headers: { etag: '"v1"' } }),
    );
    const { path } = await get(artifactOf([url]));
    expect(FILE.equals(await readFile(path))).toBe(true);
    expect(requests.length).toBeGreaterThanOrEqual(10);
    const starts = requests.map((headers) => startOf({ headers } as IncomingMessage));
    expect(starts).toEqual([...starts].sort((a, b) => a - b));
    // Nothing was fetched anew but what the cuts themselves have swallowed.
    expect(requests.length).toBeLessThan(30);
    for (const headers of requests.slice(1)) expect(headers["if-range"]).toBe('"v1"');
  });

  test.each(Array.from({ length: 10 }, (_, tenth) => tenth * 100_000))(
    "a download that is cut once, after %i bytes, is resumed",
    async (cutAfter) => {
      const { url } = await serve((request, response, nth) =>
        send(request, response, nth === 1 ? { cutAfter } : {}),
      );
      const { path } = await get(artifactOf([url]));
      expect(FILE.equals(await readFile(path))).toBe(true);
    },
  );

  test("the end of an HTTP/1.0 connection is not taken for the end of the file", async () => {
    let connections = 0;
    const server = createTcpServer((socket) => {
      socket.once("data", () => {
        connections++;
        const end = connections * 400_000;
        // No length, no ranges: the connection's end is the body's.
        socket.end(Buffer.concat([Buffer.from("HTTP/1.0 200 OK\r\n\r\n"), FILE.subarray(0, end)]));
      });
      socket.on("error", () => {});
    });
    const url = await listen(server);
    const { path } = await get(artifactOf([url]));
    expect(FILE.equals(await readFile(path))).toBe(true);
    expect(connections).toBe(3);
  });

  test("an HTTP/1.0 host that always stops early is given up, and no file is left under the final name", async () => {
    const server = createTcpServer((socket) => {
      socket.once("data", () => socket.end("HTTP/1.0 200 OK\r\n\r\nonly this"));
      socket.on("error", () => {});
    });
    const artifact = artifactOf([await listen(server)]);
    await expect(get(artifact)).rejects.toMatchObject({
      reason: "HOST_UNREACHABLE",
      message: expect.stringContaining("expected 1000000 bytes, got 9"),
    });
    expect(await names()).toEqual([`${artifact.sha256}.part`]);
  });

  test("200 instead of 206 starts at the first byte again", async () => {
    const { url, requests } = await serve((_, response, nth) => {
      response.writeHead(200, { "content-length": FILE.length });
      if (nth === 1) response.write(FILE.subarray(0, 300_000), () => response.socket?.end());
      else response.end(FILE);
    });
    const { path } = await get(artifactOf([url]));
    expect(FILE.equals(await readFile(path))).toBe(true);
    expect(requests).toHaveLength(2);
  });

  test("a host without ranges that is cut each time is given up after a few tries", async () => {
    const { url, requests } = await serve((_, response) => {
      response.writeHead(200, { "content-length": FILE.length });
      response.write(FILE.subarray(0, 300_000), () => response.socket?.end());
    });
    await expect(get(artifactOf([url]))).rejects.toMatchObject({ reason: "HOST_UNREACHABLE" });
    expect(requests.length).toBeLessThan(12);
  });

  test.each([
    ["another start", `bytes 0-${FILE.length - 1}/${FILE.length}`, 206],
    ["no content-range at all", undefined, 206],
    ["several ranges", "rubbish", 206],
    ["416", "bytes */1000000", 416],
  ])("a range that is answered with %s is fetched anew without one", async (_, range, status) => {
    const { url, requests } = await serve((request, response, nth) => {
      if (nth === 1) return send(request, response, { cutAfter: 300_000 });
      if (request.headers.range === undefined) return send(request, response);
      response.writeHead(status, range === undefined ? {} : { "content-range": range });
      response.end(FILE);
    });
    const { path } = await get(artifactOf([url]));
    expect(FILE.equals(await readFile(path))).toBe(true);
    expect(requests.map(({ range }) => range !== undefined)).toEqual([false, true, false]);
  });

  test("a file that was replaced between two pieces is not put together of both", async () => {
    const other = randomBytes(FILE.length);
    const { url } = await serve((request, response, nth) => {
      // Ignores if-range, as some do.
      if (nth === 1)
        send(request, response, { bytes: other, cutAfter: 300_000, headers: { etag: '"old"' } });
      else send(request, response, { headers: { etag: '"new"' } });
    });
    const { path } = await get(artifactOf([url]));
    expect(FILE.equals(await readFile(path))).toBe(true);
  });

  test.each([
    ["in seconds", { "retry-after": "7" }, 7_000],
    ["as a date", { "retry-after": new Date(NOW + 9_000).toUTCString() }, 9_000],
    [
      "as the end of its quota",
      { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(NOW / 1000 + 30) },
      30_000,
    ],
    ["without a time", {}, 60_000],
  ])("429 %s is waited for", async (_, headers, ms) => {
    const { url } = await serve((request, response, nth) => {
      if (nth <= 2) response.writeHead(429, headers).end();
      else send(request, response);
    });
    await get(artifactOf([url]));
    expect(waits).toEqual([ms, ms]);
  });

  test("503 with a time is waited for, without one it is tried again sooner and sooner given up", async () => {
    const polite = await serve((request, response, nth) => {
      if (nth === 1) response.writeHead(503, { "retry-after": "5" }).end();
      else send(request, response);
    });
    await get(artifactOf([polite.url]));
    expect(waits).toEqual([5_000]);
    const down = await serve((_, response) => void response.writeHead(503).end());
    await rm(staging, { recursive: true });
    await expect(get(artifactOf([down.url]))).rejects.toMatchObject({
      reason: "HOST_UNREACHABLE",
      message: expect.stringContaining("status 503"),
    });
    expect(down.requests).toHaveLength(4);
  });

  test("a host that wants an hour is left alone, and the next address is asked at once", async () => {
    const busy = await serve(
      (_, response) => void response.writeHead(429, { "retry-after": "3600" }).end(),
    );
    await expect(get(artifactOf([busy.url]))).rejects.toMatchObject({
      reason: "RATE_LIMITED",
      message: expect.stringContaining("come back in 3600 s"),
    });
    expect(busy.requests).toHaveLength(1);
    const other = await serve((request, response) => send(request, response));
    await get(artifactOf([busy.url, other.url]));
    expect(waits).toEqual([]);
  });

  test("a host that never lets anybody in is given up after a few tries", async () => {
    const { url, requests } = await serve(
      (_, response) => void response.writeHead(429, { "retry-after": "1" }).end(),
    );
    await expect(get(artifactOf([url]))).rejects.toMatchObject({ reason: "RATE_LIMITED" });
    expect(requests).toHaveLength(4);
  });

  test("a host that answers nothing, or stops in the middle, is given up in time", async () => {
    const limits = { idleTimeoutMs: 50, triesWithoutProgress: 2 };
    const silent = await serve(() => {});
    await expect(get(artifactOf([silent.url]), { limits })).rejects.toMatchObject({
      reason: "HOST_UNREACHABLE",
      message: expect.stringContaining("nothing came for 50 ms"),
    });
    const stuck = await serve((_, response) => {
      response.writeHead(200, { "content-length": FILE.length });
      response.write("a");
    });
    await expect(get(artifactOf([stuck.url]), { limits })).rejects.toMatchObject({
      reason: "HOST_UNREACHABLE",
    });
  });

  test("a host that hands out a byte at a time is given up", async () => {
    const { url, requests } = await serve((request, response) =>
      send(request, response, { cutAfter: 1 }),
    );
    const limits = { requests: 12, triesWithoutProgress: 50 };
    await expect(get(artifactOf([url]), { limits })).rejects.toMatchObject({
      reason: "HOST_UNREACHABLE",
    });
    expect(requests).toHaveLength(12);
  });

  test("other bytes of the right size are refused, and nothing is left", async () => {
    const { url } = await serve((request, response) =>
      send(request, response, { bytes: Buffer.alloc(FILE.length) }),
    );
    await expect(get(artifactOf([url]))).rejects.toMatchObject({ reason: "CHECKSUM_MISMATCH" });
    expect(await names()).toEqual([]);
  });

  test.each([
    ["a length that is too small", { "content-length": 10 }, 10],
    ["a length that is too large", { "content-length": FILE.length + 1 }, FILE.length + 1],
    ["no length and one byte too many", {}, FILE.length + 1],
    ["an encoding that nobody asked for", { "content-encoding": "br" }, 10],
  ])("%s is refused, and nothing is left", async (_, headers, length) => {
    const { url } = await serve((_, response) => {
      response.writeHead(200, headers as Record<string, string>);
      response.end(Buffer.alloc(length));
    });
    await expect(get(artifactOf([url]))).rejects.toMatchObject({ reason: "SIZE_MISMATCH" });
    expect(await names()).toEqual([]);
  });

  test("a host without end is stopped at the first byte too many", async () => {
    let sent = 0;
    const { url } = await serve((_, response) => {
      response.writeHead(200);
      const more = () => {
        sent += 65_536;
        if (!response.destroyed) response.write(Buffer.alloc(65_536), more);
      };
      more();
    });
    await expect(get(artifactOf([url]))).rejects.toMatchObject({ reason: "SIZE_MISMATCH" });
    expect(sent).toBeLessThan(20_000_000);
  });

  test("on a full disk it fails as such, and frees what it has taken", async (context) => {
    const mount = await mountTmpfs(staging, "size=512k", "row 10, a full disk");
    if (mount === null) return context.skip();
    try {
      const { url } = await serve((request, response) => send(request, response));
      await expect(get(artifactOf([url]))).rejects.toMatchObject({ reason: "DISK_FULL" });
      expect(await names()).toEqual([]);

      const zeros = Buffer.alloc(1_000_000);
      const packed = gzipSync(zeros);
      const gz = await serve((request, response) => send(request, response, { bytes: packed }));
      const artifact = {
        ...artifactOf([gz.url], packed),
        format: "gz",
        binary: sizeAndHash(zeros),
      } as const;
      await expect(get(artifact)).rejects.toMatchObject({ reason: "DISK_FULL" });
      expect(await names()).toEqual([]);
    } finally {
      await mount.unmount();
    }
  });

  test("in a folder that is mounted read-only it fails as such", async (context) => {
    const mount = await mountTmpfs(folder, "size=512k", "row 10, a read-only folder");
    if (mount === null) return context.skip();
    try {
      const { url, requests } = await serve((request, response) => send(request, response));
      await mount.remount("ro");
      await expect(get(artifactOf([url]))).rejects.toMatchObject({ reason: "FOLDER_NOT_WRITABLE" });
      await mount.remount("rw");
      await mkdir(staging);
      await mount.remount("ro");
      await expect(get(artifactOf([url]))).rejects.toMatchObject({ reason: "FOLDER_NOT_WRITABLE" });
      expect(requests).toHaveLength(0);
    } finally {
      await mount.unmount();
    }
  });

  test("whatever a host does, the file is whole or there is none", async () => {
    const small = FILE.subarray(0, 20_000);
    const act = fc.oneof(
      fc.record({ kind: fc.constant("cut" as const), after: fc.nat(20_000) }),
      fc.record({
        kind: fc.constantFrom(
          ...([
            "whole",
            "ignore range",
            "wrong bytes",
            "500",
            "416",
            "429",
            "close",
            "too long",
          ] as const),
        ),
      }),
    );
    const seed = Number(process.env.TIDELINE_SEED ?? Date.now() % 2 ** 31);
    const run = async (acts: readonly { kind: string; after?: number }[]) => {
      const { url } = await serve((request, response, nth) => {
        const { kind, after = 0 } = acts[nth - 1] ?? { kind: "whole" };
        const start = startOf(request);
        switch (kind) {
          case "cut":
            return send(request, response, { bytes: small, cutAfter: after });
          case "ignore range":
            return void response.writeHead(200).end(small);
          case "wrong bytes":
            return send(request, response, { bytes: Buffer.alloc(small.length) });
          case "too long":
            return void response.writeHead(200).end(Buffer.concat([small, Buffer.from("x")]));
          case "close":
            return void response.socket?.destroy();
          case "whole":
            return send(request, response, { bytes: small });
          default:
            return void response.writeHead(Number(kind), { "x-start": start }).end("no");
        }
      });
      await rm(staging, { recursive: true, force: true });
      const artifact = artifactOf([url, url], small);
      const staged = await get(artifact, { limits: { maxRetryAfterMs: 90_000 } }).catch(
        (error) => error,
      );
      if (staged instanceof Error) {
        expect(staged).toMatchObject({ name: "SyncError" });
        for (const name of await names()) expect(name).toBe(`${artifact.sha256}.part`);
      } else {
        expect(small.equals(await readFile(staged.path))).toBe(true);
        expect(await names()).toEqual([artifact.sha256]);
      }
    };
    await fc.assert(fc.asyncProperty(fc.array(act, { maxLength: 8 }), run), { seed, numRuns: 60 });
  });
});

describe("redirects", () => {
  test("are followed to a second origin, with the range, and without anything else", async () => {
    const assets = await serve((request, response) => send(request, response));
    const api = await serve((_, response) => {
      response.writeHead(302, { location: assets.url, "set-cookie": "a=b" }).end();
    });
    const artifact = artifactOf([api.url]);
    await mkdir(staging);
    await writeFile(join(staging, `${artifact.sha256}.part`), FILE.subarray(0, 1000));
    await get(artifact);
    expect(assets.requests.map(({ range, cookie }) => [range, cookie])).toEqual([
      ["bytes=1000-", undefined],
    ]);
  });

  test.each([
    ["http on another machine", "http://192.0.2.1/file"],
    ["a file of this machine", "file:///etc/passwd"],
    ["data", "data:text/plain,x"],
    ["an address with a password", "https://user:secret@127.0.0.1/file"],
    ["no address", "http://["],
  ])("to %s are refused, and no password is repeated", async (_, location) => {
    const { url } = await serve((_, response) => void response.writeHead(302, { location }).end());
    const error = await get(artifactOf([url])).catch((error) => error);
    expect(error).toMatchObject({ reason: "HOST_UNUSABLE" });
    expect(error.message).not.toContain("secret");
  });

  test("without end are given up", async () => {
    const { url, requests } = await serve(
      (_, response) => void response.writeHead(302, { location: "/file" }).end(),
    );
    await expect(
      get(artifactOf([url]), { limits: { triesWithoutProgress: 1 } }),
    ).rejects.toMatchObject({
      reason: "HOST_UNREACHABLE",
      message: expect.stringContaining("at most 5 redirects"),
    });
    expect(requests).toHaveLength(6);
  });

  test.each([
    ["https://example.com/a", null, true],
    ["http://example.com/a", null, false],
    ["http://localhost:1/a", null, true],
    ["http://127.1/a", null, true],
    ["http://[::1]/a", null, true],
    ["http://127.0.0.1.example.com/a", null, false],
    ["http://localhost.example.com/a", null, false],
    ["https://a@example.com/a", null, false],
    ["ftp://example.com/a", null, false],
    ["/b", "https://example.com/a", true],
    ["http://127.0.0.1/a", "https://example.com/a", false],
    ["https://127.0.0.1/a", "https://example.com/a", false],
    ["http://127.0.0.1:2/a", "http://127.0.0.1:1/a", true],
  ])("%s from %s may be fetched: %s", (address, from, isAllowed) => {
    const ask = () => allowedAddress(address, from === null ? null : new URL(from));
    if (isAllowed) expect(ask()).toBeInstanceOf(URL);
    else expect(ask).toThrow(expect.objectContaining({ reason: "HOST_UNUSABLE" }));
  });
});

test.each([
  [{ "retry-after": "120" }, 120_000],
  [{ "retry-after": "Thu, 01 Jan 2026 00:00:05 GMT" }, 5_000],
  [{ "retry-after": "Thu, 01 Jan 2020 00:00:00 GMT" }, 0],
  [{ "retry-after": "-1", "x-ratelimit-reset": "5" }, 0],
  [{ "retry-after": "soon" }, null],
  [{ "x-ratelimit-remaining": "3", "x-ratelimit-reset": "9999999999" }, null],
  [{}, null],
])("%j asks for %s ms", (headers, ms) => {
  expect(retryAfterMs(new Headers(headers as Record<string, string>), NOW)).toBe(ms);
});
