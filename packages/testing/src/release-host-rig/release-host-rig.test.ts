import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ReleaseHostRig } from "./index.js";

let host: ReleaseHostRig;
beforeEach(async () => {
  host = await ReleaseHostRig.start();
});
afterEach(async () => {
  await host.close();
});

const FILE = Buffer.from("0123456789".repeat(100));
const DIGEST = `sha256:${createHash("sha256").update(FILE).digest("hex")}`;

const api = (path: string, init: RequestInit = {}, token = host.token): Promise<Response> =>
  fetch(`${host.api}/repos/acme/plat${path}`, {
    ...init,
    headers: { authorization: `Bearer ${token}`, ...init.headers },
  });
const post = (path: string, body: unknown): Promise<Response> =>
  api(path, { method: "POST", body: JSON.stringify(body) });

describe("the host of releases", () => {
  test("a draft is seen with the token alone, takes files, and is published with its tag", async () => {
    const draft = await (await post("/releases", { tag_name: "nats-v1.0.0", draft: true })).json();
    const upload = String(draft.upload_url).replace(/\{.*$/, "?name=nats.tar.gz");
    const headers = { authorization: `Bearer ${host.token}`, "content-type": "application/gzip" };
    const asset = await (await fetch(upload, { method: "POST", headers, body: FILE })).json();
    expect(asset).toMatchObject({ name: "nats.tar.gz", size: 1000, digest: DIGEST });
    expect(await (await fetch(`${host.api}/repos/acme/plat/releases`)).json()).toEqual([]);
    expect((await api("/releases/tags/nats-v1.0.0")).status).toBe(404);

    await api(`/releases/${draft.id}`, { method: "PATCH", body: JSON.stringify({ draft: false }) });

    const published = await (await fetch(`${host.api}/repos/acme/plat/releases/latest`)).json();
    expect(published).toMatchObject({ tag_name: "nats-v1.0.0", draft: false, immutable: false });
    const bytes = await fetch(published.assets[0].browser_download_url);
    expect(bytes.url.startsWith(host.bytes)).toBe(true);
    expect(Buffer.from(await bytes.arrayBuffer())).toEqual(FILE);
  });

  test("one tag has one release, one release has one file of a name", async () => {
    const { id } = await (await post("/releases", { tag_name: "v1" })).json();
    expect((await post("/releases", { tag_name: "v1" })).status).toBe(422);
    const upload = (): Promise<Response> =>
      api(`/releases/${id}/assets?name=a`, { method: "POST", body: FILE });
    expect([(await upload()).status, (await upload()).status]).toEqual([201, 422]);
  });

  test("an immutable release takes no file, and its tag is burned", async () => {
    host.repository.isImmutable = true;
    const release = host.addRelease({ tag: "v1", assets: { a: FILE } });
    expect((await api(`/releases/${release.id}/assets?name=b`, { method: "POST" })).status).toBe(
      422,
    );
    await api(`/releases/${release.id}`, { method: "DELETE" });
    expect((await post("/releases", { tag_name: "v1" })).status).toBe(422);
  });

  test("nobody writes without the token, and a wrong one is refused", async () => {
    const anonymous = await fetch(`${host.api}/repos/acme/plat/releases`, { method: "POST" });
    expect([anonymous.status, (await api("/releases", {}, "other")).status]).toEqual([401, 401]);
  });

  test("an unchanged answer is a 304, which costs an anonymous request all the same", async () => {
    host.addRelease({ tag: "v1" });
    const url = `${host.api}/repos/acme/plat/releases/tags/v1`;
    const first = await fetch(url);
    const etag = first.headers.get("etag") ?? "";
    const second = await fetch(url, { headers: { "if-none-match": etag } });
    expect([second.status, second.headers.get("x-ratelimit-remaining")]).toEqual([304, "58"]);
    host.remaining = 0;
    expect((await fetch(url)).status).toBe(403);
  });

  test("long listings come in pages", async () => {
    for (let index = 0; index < 5; index += 1) host.addRelease({ tag: `v${index}` });
    const first = await api("/releases?per_page=3");
    const [, next = ""] = /<([^>]+)>; rel="next"/.exec(first.headers.get("link") ?? "") ?? [];
    const rest = await (await fetch(next)).json();
    expect(rest.map(({ tag_name }: { tag_name: string }) => tag_name)).toEqual(["v1", "v0"]);
  });

  test("a Range gives the rest of a file", async () => {
    host.addRelease({ tag: "v1", assets: { a: FILE } });
    const headers = { range: "bytes=995-" };
    const part = await fetch(host.downloadUrl("v1", "a"), { headers });
    expect([part.status, part.headers.get("content-range")]).toEqual([206, "bytes 995-999/1000"]);
    expect(await part.text()).toBe("56789");
  });
});

describe("the faults of downloads", () => {
  const get = (): Promise<Response> =>
    fetch(host.downloadUrl("v1", "a"), { headers: { range: "bytes=10-" } });
  beforeEach(() => {
    host.addRelease({ tag: "v1", assets: { a: FILE } });
  });

  test("a cut one fails, a close without a length ends as if it were whole", async () => {
    host.fail({ on: "bytes", kind: "cut", at: 100, times: 1 });
    await expect((await get()).arrayBuffer()).rejects.toThrow();
    host.fail({ on: "bytes", kind: "close", at: 100, times: 1 });
    expect((await (await get()).arrayBuffer()).byteLength).toBe(100);
    expect((await (await get()).arrayBuffer()).byteLength).toBe(990);
  });

  test("ranges are ignored or wrong, bits flipped, files longer than they are", async () => {
    host.fail({ on: "bytes", kind: "ignore-range", times: 1 });
    expect((await get()).status).toBe(200);
    host.fail({ on: "bytes", kind: "wrong-range", times: 1 });
    expect((await get()).headers.get("content-range")).toBe("bytes 0-999/1000");
    host.fail({ on: "bytes", kind: "flip", at: 11, times: 1 });
    expect((await (await get()).text()).startsWith("0023")).toBe(true);
    host.fail({ on: "bytes", kind: "longer", bytes: 7, times: 1 });
    expect((await (await get()).arrayBuffer()).byteLength).toBe(997);
  });

  test("429 says when to come back, and slowly is all the same", async () => {
    host.fail({ on: "redirect", kind: "status", status: 429, retryAfter: "7", times: 1 });
    const refused = await get();
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "7"]);
    host.fail({ on: "bytes", kind: "slow", chunkBytes: 400, everyMs: 1, times: 1 });
    expect((await (await get()).arrayBuffer()).byteLength).toBe(990);
  });
});
