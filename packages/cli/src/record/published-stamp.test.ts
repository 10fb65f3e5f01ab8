/** What a public address says it serves, asked of real hosts. */
import { formatVersionFile, withStampTag } from "@tideline/stamp";
import { json, page, Site, stampOf } from "@tideline/testing/deploy-rig";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { readPublishedStamp } from "./published-stamp.js";

let site: Site;
beforeAll(async () => {
  site = await Site.start();
});
afterAll(async () => {
  await site?.close();
});
afterEach(() => {
  site.answers.clear();
  site.requests.length = 0;
});

const STAMP = stampOf("a", "web");
const file = json(formatVersionFile(STAMP));
const stamped = page(withStampTag("<html><head></head></html>", STAMP));
const plain = page("<html><head></head></html>");
const at = (path: string) => new URL(path, site.url).href;

test.each<[title: string, path: string, answers: [string, typeof file][]]>([
  ["a page's own stamp", "", [["/", stamped]]],
  ["a version.json by its address", "version.json", [["/version.json", file]]],
  [
    "the version.json beside a page without a stamp",
    "",
    [
      ["/", plain],
      ["/version.json", file],
    ],
  ],
  [
    "the version.json beside an index.html",
    "app/index.html",
    [
      ["/app/index.html", plain],
      ["/app/version.json", file],
    ],
  ],
  [
    "the version.json below a folder without a slash",
    "app",
    [
      ["/app", plain],
      ["/app/version.json", file],
    ],
  ],
  ["a service's /version, where there is no page", "", [["/version", file]]],
  [
    "a service's /version, behind a host that has a page for every path",
    "",
    [
      ["*", plain],
      ["/version", file],
    ],
  ],
])("%s", async (_, path, answers) => {
  site.answers = new Map(answers);
  expect(await readPublishedStamp(at(path))).toEqual({ stamp: STAMP, problem: null });
});

test("a service that knows only its version is a label", async () => {
  site.answers.set("/version", json({ version: "4.20.5", git_commit: "ab".repeat(20) }));
  expect((await readPublishedStamp(at("version"))).stamp).toMatchObject({
    buildId: "label:4.20.5",
    gitCommit: "ab".repeat(20),
  });
});

test("redirections are followed, past the caches each time", async () => {
  site.answers.set("/", (_, response) => response.writeHead(302, { location: "/de/?x=1" }).end());
  site.answers.set("/de/", stamped);
  expect((await readPublishedStamp(site.url)).stamp).toEqual(STAMP);
  expect(site.requests[0]).toMatch(/^\/\?tideline-look=/);
  expect(site.requests[1]).toMatch(/^\/de\/\?x=1&tideline-look=/);
  expect(new Set(site.requests.map((url) => url.split("tideline-look=")[1])).size).toBe(2);
});

test("every look asks past the caches", async () => {
  let headers: Readonly<Record<string, unknown>> = {};
  site.answers.set("/", (request, response) => {
    headers = request.headers;
    stamped(request, response);
  });
  await readPublishedStamp(site.url);
  await readPublishedStamp(site.url);
  expect(headers).toMatchObject({ "cache-control": "no-cache", pragma: "no-cache" });
  expect(new Set(site.requests).size).toBe(2);
});

test.each<[title: string, path: string, answers: [string, typeof file][], problem: string]>([
  ["a path that is not there", "version.json", [], "<site>version.json answers with status 404"],
  [
    "a page for every path",
    "version.json",
    [["*", stamped]],
    "<site>version.json answers with a page instead of JSON, so there is no such file",
  ],
  [
    "a page without a stamp and nothing beside it",
    "",
    [["/", plain]],
    "<site> is a page without a stamp",
  ],
  [
    "JSON of something else",
    "version.json",
    [["*", json({ name: "x" })]],
    "<site>version.json answers with JSON that names no build",
  ],
  [
    "JSON that is no object",
    "version.json",
    [["*", json('"x"')]],
    "<site>version.json answers with a page instead of JSON, so there is no such file",
  ],
  [
    "a stamp that nobody filled in",
    "",
    [["*", page('<meta name="tideline-build" content="{&quot;version&quot;:&quot;dev&quot;}">')]],
    "<site> is a page whose stamp names no build",
  ],
  ["a host that is down", "", [["*", page("down", 503)]], "<site> answers with status 503"],
  [
    "a redirection in a circle",
    "",
    [["*", (_, response) => void response.writeHead(302, { location: "/" }).end()]],
    "<site> does not answer: more than 5 redirections",
  ],
  [
    "a redirection away from the web",
    "",
    [
      [
        "*",
        (_, response) => void response.writeHead(302, { location: "file:///etc/passwd" }).end(),
      ],
    ],
    '<site> does not answer: it redirects to "file:"',
  ],
  [
    "more than it could be",
    "",
    [["*", (_, response) => void response.end("x".repeat(3_000_000))]],
    "<site> does not answer: the answer is longer than 2097152 bytes",
  ],
  [
    "a connection that breaks",
    "",
    [["*", (request) => void request.socket.destroy()]],
    "<site> does not answer: other side closed",
  ],
])("%s is a problem with a sentence", async (_, path, answers, problem) => {
  site.answers = new Map(answers);
  expect(await readPublishedStamp(at(path))).toEqual({
    stamp: null,
    problem: problem.replace("<site>", site.url),
  });
});

test("a host that never ends is left by a signal", async () => {
  const controller = new AbortController();
  site.answers.set("/", (_, response) => {
    response.write("<html>");
    controller.abort();
  });
  const { stamp, problem } = await readPublishedStamp(site.url, { signal: controller.signal });
  expect(stamp).toBeNull();
  expect(problem).toContain("does not answer: ");
});
