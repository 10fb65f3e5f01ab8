/**
 * A git server on this machine: real repositories behind `git http-backend` and HTTP, with switches
 * for what goes wrong on the way, and a count of every byte on the wire.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GitRig } from "../git-rig.js";
import type { GitFault } from "./faults.js";
import { httpBackend } from "./http-backend.js";

export type { GitFault, GitFaultKind } from "./faults.js";

/** One repository of the server. */
export interface HostedGit {
  /** Its address. */
  readonly url: string;
  /** What is served; change it with plumbing (`update-ref`) where a push is not what is tested. */
  readonly bare: GitRig;
  /** A checkout whose `origin` it is. */
  readonly work: GitRig;
  /** Commits to `main` and pushes; gives the commit. */
  commit(message: string, files?: Readonly<Record<string, string>>): Promise<string>;
  /** Tags the checkout's commit and pushes the tag; gives the commit. */
  tag(name: string, options?: { readonly isAnnotated?: boolean }): Promise<string>;
  /** Adds `count` tags `v0.0.<n>` of a commit, without a push for each. */
  addManyTags(count: number, commit: string): Promise<void>;
}

/** A request, as the server saw it. */
export interface GitHostRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** Bytes on the wire: heads and bodies, both ways. */
export interface WireBytes {
  readonly received: number;
  readonly sent: number;
}

/** The running server. */
export class GitHostRig {
  readonly url: string;
  readonly requests: GitHostRequest[] = [];
  readonly #folder: string;
  readonly #repositories: HostedGit[] = [];
  readonly #faults: { readonly fault: GitFault; left: number }[] = [];
  readonly #sockets = new Set<Socket>();
  #pastBytes = { received: 0, sent: 0 };
  #close: () => Promise<void> = async () => {};

  private constructor(folder: string, url: string) {
    this.#folder = folder;
    this.url = url;
  }

  /** Starts a server without repositories on a free port. */
  static async start(): Promise<GitHostRig> {
    const folder = await mkdtemp(join(tmpdir(), "tideline-git-host-"));
    const server = createServer((request, response) => rig.listener(request, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const rig = new GitHostRig(
      folder,
      `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    );
    server.on("connection", (socket) => rig.#count(socket));
    rig.#close = async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    };
    return rig;
  }

  /** Answers one request; for another server that serves git on its own origin. */
  readonly listener: RequestListener = (request, response) => {
    this.#answer(request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  };

  /** Makes an empty repository `<name>.git` with its checkout. */
  async addRepository(
    name: string,
    { objectFormat = "sha1" }: { readonly objectFormat?: "sha1" | "sha256" } = {},
  ): Promise<HostedGit> {
    const folder = join(this.#folder, `${name}.git`);
    await mkdir(folder, { recursive: true });
    const bare = new GitRig(folder);
    const format = `--object-format=${objectFormat}`;
    await bare.git("init", "--quiet", "--bare", "--initial-branch=main", format);
    const work = await GitRig.create();
    if (objectFormat !== "sha1") {
      await rm(join(work.folder, ".git"), { recursive: true });
      await work.git("init", "--quiet", "--initial-branch=main", format);
    }
    await work.git("remote", "add", "origin", folder);
    const repository = hostedGit(`${this.url}/${name}.git`, bare, work);
    this.#repositories.push(repository);
    return repository;
  }

  /** Copies a repository as it is now, with all refs: a mirror that nobody brings up to date. */
  async addMirror(name: string, of: HostedGit): Promise<HostedGit> {
    const mirror = await this.addRepository(name);
    await of.bare.git("push", "--quiet", "--mirror", mirror.bare.folder);
    return mirror;
  }

  /** Switches a fault on; gives what switches it off. */
  fail(fault: GitFault): () => void {
    const entry = { fault, left: fault.times ?? Number.POSITIVE_INFINITY };
    this.#faults.push(entry);
    return () => {
      entry.left = 0;
    };
  }

  /** Every byte on the wire so far. */
  wireBytes(): WireBytes {
    let { received, sent } = this.#pastBytes;
    for (const socket of this.#sockets) {
      received += socket.bytesRead;
      sent += socket.bytesWritten;
    }
    return { received, sent };
  }

  /** Ends the server and removes its repositories. */
  async close(): Promise<void> {
    await this.#close();
    for (const { work } of this.#repositories) await work.dispose();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    const { method = "GET", url = "/", headers } = request;
    this.requests.push({ method, path: url, headers: { ...headers }, body });
    const faults = this.#take(method === "GET" ? "advertise" : "post", url);
    const isV1 = faults.some(({ kind }) => kind === "v1");
    const fault = faults.find(({ kind }) => kind !== "v1");
    if (fault !== undefined && answerWithout(response, fault, url)) return;
    const protocol = isV1 ? null : String(headers["git-protocol"] ?? "");
    const answer = await httpBackend(this.#folder, request, body, protocol);
    sendBody(response, answer.status, answer.headers, answer.body, fault);
  }

  #take(on: "advertise" | "post", url: string): GitFault[] {
    const found = this.#faults.filter(
      ({ fault, left }) =>
        left > 0 &&
        (fault.on ?? on) === on &&
        (fault.repository === undefined || url.startsWith(`/${fault.repository}.git/`)),
    );
    for (const entry of found) entry.left -= 1;
    return found.map(({ fault }) => fault);
  }

  #count(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("close", () => {
      this.#sockets.delete(socket);
      const { received, sent } = this.#pastBytes;
      this.#pastBytes = { received: received + socket.bytesRead, sent: sent + socket.bytesWritten };
    });
  }
}

function hostedGit(url: string, bare: GitRig, work: GitRig): HostedGit {
  return {
    url,
    bare,
    work,
    commit: async (message, files = {}) => {
      const commit = await work.commit(message, files);
      await work.git("push", "--quiet", "origin", "HEAD:refs/heads/main");
      return commit;
    },
    tag: async (name, { isAnnotated = false } = {}) => {
      await work.git("tag", ...(isAnnotated ? ["-a", "-m", name] : []), name);
      await work.git("push", "--quiet", "origin", `refs/tags/${name}`);
      return await work.git("rev-parse", "HEAD");
    },
    addManyTags: async (count, commit) => {
      const tags = Array.from({ length: count }, (_, index) => `${commit} refs/tags/v0.0.${index}`);
      const others = (await bare.git("for-each-ref", "--format=%(objectname) %(refname)")).split(
        "\n",
      );
      const lines = [...others.filter((line) => line !== ""), ...tags];
      lines.sort((a, b) => (a.slice(a.indexOf(" ")) < b.slice(b.indexOf(" ")) ? -1 : 1));
      const head = "# pack-refs with: sorted \n";
      await writeFile(join(bare.folder, "packed-refs"), `${head}${lines.join("\n")}\n`);
    },
  };
}

/** @returns Whether the fault is the whole answer, without git having been asked. */
function answerWithout(response: ServerResponse, fault: GitFault, url: string): boolean {
  switch (fault.kind) {
    case "hang":
      return true;
    case "status":
      response.writeHead(fault.status, { "content-type": "text/plain" }).end("A fault\n");
      return true;
    case "html": {
      const page = "<!doctype html><title>Sign in</title><p>Accept the conditions of this network";
      response.writeHead(200, { "content-type": "text/html" }).end(page);
      return true;
    }
    case "redirect": {
      const [, rest = ""] = /^\/[^/]+\.git(\/.*)$/.exec(url) ?? [];
      response.writeHead(fault.status, { location: `${fault.to}${rest}` }).end();
      return true;
    }
    default:
      return false;
  }
}

function sendBody(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
  fault: GitFault | undefined,
): void {
  switch (fault?.kind) {
    case "close":
      response.socket?.write(
        `HTTP/1.0 ${status} OK\r\n${headLines(headers)}connection: close\r\n\r\n`,
      );
      response.socket?.end(body.subarray(0, fault.at));
      return;
    case "cut":
      response.writeHead(status, { ...headers, "content-length": body.length });
      response.flushHeaders();
      response.write(body.subarray(0, fault.at), () => response.socket?.destroy());
      return;
    case "stall":
      response.writeHead(status, { ...headers, "content-length": body.length });
      response.write(body.subarray(0, fault.at));
      return;
    case "shorten":
      sendWhole(response, status, headers, body.subarray(0, fault.at));
      return;
    case "no-flush":
      sendWhole(response, status, headers, body.subarray(0, -4));
      return;
    case "empty":
      sendWhole(response, status, headers, Buffer.alloc(0));
      return;
    case "bytes":
      sendWhole(response, status, headers, Buffer.from(fault.bytes));
      return;
    default:
      sendWhole(response, status, headers, body);
  }
}

function sendWhole(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
): void {
  response.writeHead(status, { ...headers, "content-length": body.length }).end(body);
}

function headLines(headers: Readonly<Record<string, string>>): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("");
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
