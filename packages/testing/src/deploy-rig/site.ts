/** A public address whose build is switched by one call, as a host does it. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { formatVersionFile, withStampTag } from "@tideline/stamp";
import type { BuildStamp } from "@tideline/version";

/** Answers one request. */
export type SiteAnswer = (request: IncomingMessage, response: ServerResponse) => void;

/** A host on loopback. */
export class Site {
  /** With a slash at its end. */
  readonly url: string;
  /** What was asked for, with its parameters. */
  readonly requests: string[] = [];
  /** Called before a request is answered; the place to switch builds at a known moment. */
  onRequest: (count: number) => void = () => {};
  /** Answers by path; what is not here is 404. */
  answers = new Map<string, SiteAnswer>();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  }

  static async start(): Promise<Site> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const site = new Site(server);
    server.on("request", (request, response) => {
      site.requests.push(request.url ?? "");
      site.onRequest(site.requests.length);
      const { pathname } = new URL(request.url ?? "/", site.url);
      const answer = site.answers.get(pathname) ?? site.answers.get("*");
      if (answer) answer(request, response);
      else response.writeHead(404).end("not here");
    });
    return site;
  }

  /** Serves a build: a page with its stamp, and its version.json. */
  publish(stamp: BuildStamp): void {
    this.answers.set("/", page(withStampTag("<html><head></head></html>", stamp)));
    this.answers.set("/version.json", json(formatVersionFile(stamp)));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Answers with a page. */
export function page(html: string, status = 200): SiteAnswer {
  return (_, response) => {
    response.writeHead(status, { "content-type": "text/html" }).end(html);
  };
}

/** Answers with JSON, given as text or as a value. */
export function json(value: unknown, status = 200): SiteAnswer {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return (_, response) => {
    response.writeHead(status, { "content-type": "application/json" }).end(text);
  };
}
