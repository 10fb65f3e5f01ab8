import { mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PageScript } from "./page-script.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tideline-script-"));
});
afterAll(() => rm(folder, { recursive: true }));

const asking =
  (headers: Readonly<Record<string, string>> = {}) =>
  (name: string) =>
    headers[name];

test("it is said what is missing until the script is built, and a new one is served at once", async () => {
  const path = join(folder, "tideline.js");
  const script = new PageScript(path);
  const missing = await script.answer(asking());
  expect([missing.status, missing.body]).toEqual([404, expect.stringContaining("npm run build")]);

  await writeFile(path, "one");
  await utimes(path, 1, 1);
  const one = await script.answer(asking());
  expect([one.status, `${one.body}`]).toEqual([200, "one"]);
  expect(one.headers).toMatchObject({ "Cache-Control": "public, max-age=300" });
  const { ETag = "" } = one.headers;
  expect((await script.answer(asking({ "if-none-match": ETag }))).status).toBe(304);

  await writeFile(path, "two");
  expect(`${(await script.answer(asking({ "if-none-match": ETag }))).body}`).toBe("two");
});

test("who takes gzip gets it, under a tag of its own", async () => {
  const path = join(folder, "zipped.js");
  await writeFile(path, "one");
  const script = new PageScript(path);
  const plain = await script.answer(asking());
  const zipped = await script.answer(asking({ "accept-encoding": "br, gzip;q=0.8" }));
  expect(gunzipSync(zipped.body).toString()).toBe("one");
  expect(zipped.headers).toMatchObject({ "Content-Encoding": "gzip", Vary: "Accept-Encoding" });
  expect(zipped.headers.ETag).not.toBe(plain.headers.ETag);
  for (const refusal of ["gzip;q=0", "identity"]) {
    expect(`${(await script.answer(asking({ "accept-encoding": refusal }))).body}`).toBe("one");
  }
});
