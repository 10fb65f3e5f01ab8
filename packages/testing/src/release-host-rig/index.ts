/**
 * A host of releases on this machine that speaks GitHub's REST interface: releases, drafts,
 * uploads, and downloads that are redirected to a second origin. It counts what it is asked and
 * goes wrong where it is told to.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { serve } from "../serve.js";
import { type ApiAnswer, answerApi, etagOf } from "./api-routes.js";
import { type Fault, FaultSwitches } from "./faults.js";
import {
  type HostedAsset,
  type HostedRelease,
  HostedReleases,
  type HostedRepository,
  type NewRelease,
} from "./hosted-releases.js";
import { closeAfter, cutAfter, sendBytes } from "./send-bytes.js";
import { downloadUrl } from "./shapes.js";

export type { Fault, FaultKind, FaultPlace } from "./faults.js";
export type {
  HostedAsset,
  HostedRelease,
  HostedRepository,
  NewRelease,
} from "./hosted-releases.js";

/** One request, as the host saw it. */
export interface HostRequest {
  readonly origin: "api" | "bytes";
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** How a host is set up. */
export interface ReleaseHostOptions {
  /** `owner/name`; made empty. @default "acme/plat" */
  readonly repository?: string;
  /** Who shows it may write. @default "release-token" */
  readonly token?: string;
  /** ms since epoch. @default Date.now */
  readonly now?: () => number;
  /** Answers what is no route of the host: a git server of the same origin. */
  readonly fallback?: RequestListener;
}

/** Requests that an address without a token has each hour. */
const ANONYMOUS_LIMIT = 60;

/** The running host. */
export class ReleaseHostRig {
  /** Its REST interface and its pages, as `releases.api` of a configuration wants it. */
  readonly api: string;
  /** The second origin, which serves bytes. */
  readonly bytes: string;
  readonly token: string;
  readonly repository: HostedRepository;
  readonly store: HostedReleases;
  readonly faults = new FaultSwitches();
  /** Everything it was asked, in order. */
  readonly requests: HostRequest[] = [];
  /** Of the anonymous requests of this hour; a test may lower it. */
  remaining = ANONYMOUS_LIMIT;
  readonly #close: () => Promise<void>;

  private constructor(
    options: ReleaseHostOptions,
    addresses: { readonly api: string; readonly bytes: string },
    close: () => Promise<void>,
  ) {
    this.api = addresses.api;
    this.bytes = addresses.bytes;
    this.token = options.token ?? "release-token";
    this.store = new HostedReleases(options.now ?? Date.now);
    this.repository = this.store.addRepository(options.repository ?? "acme/plat");
    this.#close = close;
  }

  /** Starts a host on two free ports. */
  static async start(options: ReleaseHostOptions = {}): Promise<ReleaseHostRig> {
    let rig: ReleaseHostRig | null = null;
    const api = await serve((request, response) => {
      void rig?.handleApi(request, response, options.fallback);
    });
    const bytes = await serve((request, response) => rig?.handleBytes(request, response));
    const close = async (): Promise<void> => {
      await Promise.all([api.close(), bytes.close()]);
    };
    rig = new ReleaseHostRig(options, { api: api.url, bytes: bytes.url }, close);
    return rig;
  }

  /** Adds a release to the host's first repository. */
  addRelease(release: NewRelease): HostedRelease {
    return this.store.addRelease(this.repository, release);
  }

  /** The release of a tag in the host's first repository; drafts as well. */
  release(tag: string): HostedRelease | undefined {
    return this.repository.releases.find((release) => release.tag === tag);
  }

  /** Where anybody downloads a file of a release of the first repository. */
  downloadUrl(tag: string, name: string): string {
    const release = this.release(tag);
    if (release === undefined)
      throw new RangeError(`Cannot name a file of "${tag}": no such release`);
    return downloadUrl({ api: this.api, uploads: this.api }, this.repository, release, name);
  }

  /** Switches a fault on; gives what switches it off. */
  fail(fault: Fault): () => void {
    return this.faults.add(fault);
  }

  /** The requests for bytes of files, which machines send. */
  downloads(): HostRequest[] {
    return this.requests.filter(({ origin }) => origin === "bytes");
  }

  async close(): Promise<void> {
    await this.#close();
  }

  private async handleApi(
    request: IncomingMessage,
    response: ServerResponse,
    fallback: RequestListener | undefined,
  ): Promise<void> {
    // GitHub Enterprise Server has its interface below /api/v3, and so has this.
    const url = new URL((request.url ?? "/").replace(/^\/api\/v3(?=\/)/, ""), this.api);
    const [, name = "", rest = ""] = /^\/repos\/([^/]+\/[^/]+)(.*)$/.exec(url.pathname) ?? [];
    const download = /^\/([^/]+\/[^/]+)\/releases\/download\/([^/]+)\/([^/]+)$/.exec(url.pathname);
    if (name === "" && download === null && fallback !== undefined) {
      fallback(request, response);
      return;
    }
    this.#note("api", request);
    const isUpload = request.method === "POST" && rest.endsWith("/assets");
    const body = await readBody(request);
    const place = isUpload ? "upload" : download === null ? "api" : "redirect";
    const fault = this.faults.take(place, request.url ?? "");
    if (fault !== null && this.#answerFault(response, fault)) return;
    if (download !== null) {
      this.#redirect(response, this.#findDownload(download));
      return;
    }
    const repository = this.store.find(name);
    if (repository === undefined) {
      sendJson(response, { status: 404, json: { message: "Not Found", status: "404" } }, {}, fault);
      return;
    }
    const authorization = request.headers.authorization ?? "";
    const mayWrite = [`Bearer ${this.token}`, `token ${this.token}`].includes(authorization);
    if (authorization !== "" && !mayWrite) {
      sendJson(
        response,
        { status: 401, json: { message: "Bad credentials", status: "401" } },
        {},
        fault,
      );
      return;
    }
    const answer = answerApi({ api: this.api, uploads: this.api }, this.store, repository, rest, {
      method: request.method ?? "GET",
      url,
      mayWrite,
      body,
      contentType: request.headers["content-type"] ?? "application/octet-stream",
      wantsBytes: request.headers.accept === "application/octet-stream",
    });
    if (answer.bytesOf !== undefined) {
      this.#redirect(response, answer.bytesOf);
      return;
    }
    this.#sendAnswer(request, response, answer, mayWrite, fault);
  }

  private handleBytes(request: IncomingMessage, response: ServerResponse): void {
    this.#note("bytes", request);
    const path = request.url ?? "";
    const [, id = "", name = ""] = /^\/objects\/(\d+)\/([^?]+)/.exec(path) ?? [];
    const asset = this.#findById(Number(id));
    const fault = this.faults.take("bytes", path);
    if (fault !== null && this.#answerFault(response, fault)) return;
    if (asset === undefined || decodeURIComponent(name) !== asset.name)
      response.writeHead(404).end();
    else sendBytes(request, response, asset.bytes, fault);
  }

  #sendAnswer(
    request: IncomingMessage,
    response: ServerResponse,
    answer: ApiAnswer,
    mayWrite: boolean,
    fault: Fault | null,
  ): void {
    const etag = etagOf(answer.json, request.headers.authorization ?? "");
    const isSame = request.method === "GET" && request.headers["if-none-match"] === etag;
    // A 304 is free of charge only for who shows a token.
    if (!mayWrite) this.remaining -= 1;
    if (this.remaining < 0) {
      this.remaining = 0;
      this.#answerFault(response, {
        on: "api",
        kind: "rate-limit",
        resetAt: this.store.now() + 3_600_000,
      });
      return;
    }
    const limits = {
      "x-ratelimit-limit": String(mayWrite ? 5000 : ANONYMOUS_LIMIT),
      "x-ratelimit-remaining": String(mayWrite ? 4999 : this.remaining),
      "x-ratelimit-reset": String(Math.ceil(this.store.now() / 1000) + 3600),
    };
    if (isSame) response.writeHead(304, { etag, ...limits }).end();
    else sendJson(response, answer, answer.status === 200 ? { etag, ...limits } : limits, fault);
  }

  /** @returns Whether the fault is the whole answer. */
  #answerFault(response: ServerResponse, fault: Fault): boolean {
    if (fault.kind === "status") {
      const retry = fault.retryAfter === undefined ? {} : { "retry-after": fault.retryAfter };
      sendJson(response, { status: fault.status, json: { message: "A fault" } }, retry, null);
      return true;
    }
    if (fault.kind === "rate-limit") {
      const reset = String(Math.ceil(fault.resetAt / 1000));
      const headers = { "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset };
      sendJson(
        response,
        { status: 403, json: { message: "API rate limit exceeded" } },
        headers,
        null,
      );
      return true;
    }
    if (fault.kind === "redirect") {
      response.writeHead(302, { location: fault.to }).end();
      return true;
    }
    if (fault.kind === "html") {
      response.writeHead(200, { "content-type": "text/html" }).end("<html><h1>Sign in</h1></html>");
      return true;
    }
    return false;
  }

  #redirect(response: ServerResponse, asset: HostedAsset | undefined): void {
    if (asset === undefined) {
      response.writeHead(404, { "content-type": "text/plain" }).end("Not Found");
      return;
    }
    const location = `${this.bytes}/objects/${asset.id}/${encodeURIComponent(asset.name)}?sig=1`;
    response.writeHead(302, { location }).end();
  }

  #findDownload([, repository = "", tag = "", name = ""]: RegExpExecArray):
    | HostedAsset
    | undefined {
    return this.store
      .find(repository)
      ?.releases.find((one) => !one.isDraft && one.tag === decodeURIComponent(tag))
      ?.assets.find(
        (asset) => asset.name === decodeURIComponent(name) && asset.state === "uploaded",
      );
  }

  #findById(id: number): HostedAsset | undefined {
    for (const { releases } of this.store.all()) {
      for (const { assets } of releases) {
        const asset = assets.find((one) => one.id === id);
        if (asset !== undefined) return asset;
      }
    }
    return undefined;
  }

  #note(origin: HostRequest["origin"], request: IncomingMessage): void {
    const { method = "GET", url = "/", headers } = request;
    this.requests.push({ origin, method, path: url, headers: { ...headers } });
  }
}

function sendJson(
  response: ServerResponse,
  { status, json, headers = {} }: ApiAnswer,
  more: Readonly<Record<string, string>>,
  fault: Fault | null,
): void {
  const body = json === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(json));
  const all = { "content-type": "application/json; charset=utf-8", ...headers, ...more };
  if (fault?.kind === "close") {
    closeAfter(response, status, all, body.subarray(0, fault.at));
    return;
  }
  if (json === undefined) {
    response.writeHead(status, more).end();
    return;
  }
  response.writeHead(status, { ...all, "content-length": body.length });
  if (fault?.kind === "cut") cutAfter(response, body.subarray(0, fault.at));
  else if (fault?.kind === "hang") response.write(body.subarray(0, fault.at));
  else response.end(body);
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
