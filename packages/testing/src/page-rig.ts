/**
 * A server-rendered site without a framework: pages with `data-app-version` and the script tag, and
 * the gateway's two routes over a ledger in memory. It speaks as the gateway does on the wire; the
 * gateway itself has tests of its own.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { build, type Rollup } from "vite";
import { scriptConfig } from "../../browser/vite.config.js";
import { FakeLedger } from "./fake-ledger.js";

export interface PageRig {
  /** The page's address; what stands behind it is kept by the server, as are query and hash. */
  readonly url: string;
  /** The attributes of the script tag. */
  attributes: string;
  /** What stands in the body; the version's name takes the place of `{}`. */
  body: string;
  /** More for the head. */
  head: string;
  /** Reports of the Content-Security-Policy. */
  readonly reports: string[];
  /** How many streams are open now. */
  readonly streams: number;
  /** How long the host takes to answer a look at its pages: a promise to wait for. */
  lookDelay: Promise<unknown>;
  /** What loads of the page get instead of what looks at it get: a cache in between. */
  cached: string | undefined;
  /** Has the site serve a version, and tells nobody. */
  publish(version: string): void;
  /** Publishes, then records. */
  deploy(version: string, change?: Parameters<FakeLedger["record"]>[1]): void;
  close(): Promise<void>;
}

const POLICY = [
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'",
  "require-trusted-types-for 'script'; trusted-types 'none'; report-uri /report",
].join("; ");

const STYLE = `
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
  body { margin: 0 auto; max-width: 60rem; padding: 24px; }
  /* What a page may do to elements that it does not know. */
  * { box-sizing: border-box; letter-spacing: 0.01em; }
  :not(:defined) { visibility: hidden; }
  section, button, p { margin: 40px; text-transform: uppercase; }
`;

/** Builds the script, once for all rigs of a test file. */
export async function buildScript(): Promise<string> {
  const config = scriptConfig("main");
  const { output } = (await build({
    ...config,
    configFile: false,
    build: { ...config.build, write: false },
  })) as Rollup.RollupOutput;
  return output[0].code;
}

/** Starts a site that serves the version "a1", recorded. */
export async function openPageRig(script: string): Promise<PageRig> {
  const ledger = new FakeLedger();
  const reports: string[] = [];
  const open = new Set<ServerResponse>();
  let served = "a1";

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://site");
    const send = (type: string, text: string) =>
      void response.writeHead(200, { "Content-Type": `${type}; charset=utf-8` }).end(text);
    const query = {
      appName: "web",
      environment: "production",
      buildId: searchParams.get("buildId") ?? "",
    };
    const message = (latest: unknown) =>
      JSON.stringify({
        ...{ type: "version", stale: false, version: ledger.latest?.version ?? null },
        ...query,
        latest,
      });
    if (pathname === "/tideline.js") return send("text/javascript", script);
    if (pathname === "/page.css") return send("text/css", STYLE);
    if (pathname === "/favicon.ico") return send("image/png", "");
    if (pathname === "/report") {
      for await (const part of request) reports.push(String(part));
      return send("text/plain", "");
    }
    if (pathname === "/version") {
      return send("application/json", message(await ledger.check(query)));
    }
    if (pathname === "/events/version") {
      response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-cache" });
      open.add(response);
      const stop = ledger.subscribe(
        query,
        (latest) =>
          void response.write(
            `id: ${latest?.epoch}\nevent: version_update\ndata: ${message(latest)}\n\n`,
          ),
        () => {},
      );
      return void response.on("close", () => {
        open.delete(response);
        stop();
      });
    }
    const isLook = request.headers["sec-fetch-dest"] === "empty";
    if (isLook) await rig.lookDelay;
    const version = (isLook ? undefined : rig.cached) ?? served;
    response.setHeader("Content-Security-Policy", POLICY);
    response.setHeader("Cache-Control", "no-store");
    send(
      "text/html",
      `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Tidepool</title>
      <meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/page.css">
      ${rig.head}<script src="/tideline.js" ${rig.attributes}></script></head>
      <body data-app-version="${version}">${rig.body.replaceAll("{}", version)}</body></html>`,
    );
  };

  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const rig: PageRig = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    attributes: 'data-app="web" data-environment="production"',
    body: `<main><h1>Tidepool {}</h1><form><label>Title <input name="title"></label>
      <button>Save</button></form><p><label>Apart <textarea></textarea></label></p></main>`,
    head: "",
    reports,
    get streams() {
      return open.size;
    },
    lookDelay: Promise.resolve(),
    cached: undefined,
    publish(version) {
      served = version;
    },
    deploy(version, change) {
      served = version;
      ledger.record(`label:${version}`, { version, ...change });
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.on("close", resolve));
    },
  };
  rig.deploy(served);
  return rig;
}
