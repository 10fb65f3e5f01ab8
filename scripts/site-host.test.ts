import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { pointTo, releaseFolder, removeRelease } from "./releases.js";
import { type SiteHost, startSiteHost } from "./site-host.js";

let site: string;
let host: SiteHost;

beforeEach(async () => {
  site = await mkdtemp(join(tmpdir(), "tideline-site-"));
  host = await startSiteHost(site, 0, "--web-port");
});
afterEach(async () => {
  await host.close();
  await rm(site, { recursive: true, force: true });
});

async function release(number: number, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const path = join(releaseFolder(site, number), name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
}

async function publishTwo(): Promise<void> {
  await release(1, { "index.html": "one", "assets/a-1.js": "1", "version.json": "{}" });
  await release(2, { "index.html": "two", "assets/a-2.js": "2", "icon.svg": "<svg/>" });
  await pointTo(site, 2);
}

const get = (path: string, init?: RequestInit) => fetch(`${host.url}${path}`, init);
const asPage = { headers: { accept: "text/html" } };

describe("a site", () => {
  test("answers 503 before the first release", async () => {
    const response = await get("/");
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("1");
  });

  test("serves the page of the current release, to be asked for again each time", async () => {
    await publishTwo();
    const response = await get("/");
    expect(await response.text()).toBe("two");
    expect(response.headers.get("cache-control")).toBe("no-cache");
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
  });

  test("serves another release from the moment it is pointed to", async () => {
    await publishTwo();
    await pointTo(site, 1);
    expect(await (await get("/")).text()).toBe("one");
    expect((await get("/version.json")).headers.get("cache-control")).toBe("no-cache");
  });

  test("serves hashed assets of every release for ever", async () => {
    await publishTwo();
    for (const number of [1, 2]) {
      const response = await get(`/assets/a-${number}.js`);
      expect(await response.text()).toBe(String(number));
      expect(response.headers.get("cache-control")).toContain("immutable");
      expect(response.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
    }
  });

  test("answers 404 for an asset of a release that is gone, even to whoever wants a page", async () => {
    await publishTwo();
    await removeRelease(site, 1);
    expect((await get("/assets/a-1.js")).status).toBe(404);
    expect((await get("/assets/a-1.js", asPage)).status).toBe(404);
  });

  test("gives the app's page at its own addresses, to whoever wants a page", async () => {
    await publishTwo();
    const page = await get("/settings?tab=a", asPage);
    expect([page.status, await page.text()]).toEqual([200, "two"]);
    expect((await get("/settings", { headers: { accept: "*/*" } })).status).toBe(404);
  });

  test("answers 304 to an entity tag that still holds", async () => {
    await publishTwo();
    const etag = (await get("/")).headers.get("etag") ?? "";
    expect(etag).toMatch(/^"[\w-]{22}"$/);
    for (const header of [etag, `W/${etag}`, `"x", ${etag}`, "*"]) {
      const response = await get("/", { headers: { "if-none-match": header } });
      expect([response.status, await response.text()]).toEqual([304, ""]);
    }
    await pointTo(site, 1);
    expect((await get("/", { headers: { "if-none-match": etag } })).status).toBe(200);
  });

  test("answers HEAD like GET without a body, and refuses other methods", async () => {
    await publishTwo();
    const head = await get("/icon.svg", { method: "HEAD" });
    expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([
      200,
      "6",
      "",
    ]);
    expect((await get("/", { method: "POST" })).status).toBe(405);
  });

  test.each([
    "/../current",
    "/assets/../../../current",
    "/%2e%2e/current",
    "/..%2f..%2fcurrent",
    "/assets/..%5c..%5ccurrent",
    "//etc/passwd",
    "/%00",
    "/%zz",
  ])("refuses %s", async (path) => {
    await publishTwo();
    // fetch() would tidy the path up before it sends it.
    const socket = connect(Number(new URL(host.url).port), "127.0.0.1");
    socket.end(`GET ${path} HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\nConnection: close\r\n\r\n`);
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 400 /);
  });
});

test("a site with a gateway leaves to it what a page asks a gateway for, and nothing else", async () => {
  await publishTwo();
  const asked: (string | undefined)[] = [];
  const mounted = await startSiteHost(site, 0, "--web-port", {
    gateway: (request, response) => {
      asked.push(request.url);
      response.end("gateway");
    },
  });
  try {
    const ask = async (path: string) => (await fetch(mounted.url + path, asPage)).text();
    const theirs = ["/version?appName=web", "/events/version", "/tideline.js", "/healthz"];
    for (const path of theirs) expect(await ask(path)).toBe("gateway");
    for (const path of ["/", "/metrics", "/version.json"]) expect(await ask(path)).toBe("two");
    expect(asked).toEqual(theirs);
  } finally {
    await mounted.close();
  }
});

test("startSiteHost() says which option changes a port that is in use", async () => {
  const port = Number(new URL(host.url).port);
  await expect(startSiteHost(site, port, "--web-port")).rejects.toThrow(
    `Cannot listen on 127.0.0.1:${port}: the port is in use; stop what uses it, or choose another with --web-port`,
  );
});
