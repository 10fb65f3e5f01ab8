/** Addresses that ask for a name and a password, which nobody may read afterwards. */
import { rm } from "node:fs/promises";
import type { RequestListener } from "node:http";
import { join } from "node:path";
import { DeployRig, Site, stampOf } from "@tideline/testing/deploy-rig";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { publicAddress } from "./public-address.js";
import { readPublishedStamp } from "./published-stamp.js";

let rig: DeployRig;
beforeAll(async () => {
  rig = await DeployRig.open();
});
afterAll(async () => {
  await rig?.close();
});
afterEach(() => rig.site.answers.clear());

const FAST = ["--probe-interval", "0.01", "--timeout", "2"];
const HERE = ["--environment", "staging"];
const SECRET = /hunter2|aHVudGVyMg|dXNlcjpodW50ZXIy/;
let apps = 0;
let app: string;
beforeEach(() => {
  app = `guarded-${++apps}`;
});
const withSecret = (url: string, pair = "user:hunter2") => url.replace("//", `//${pair}@`);

/** Serves a build to who says the name and the password. */
const guard = (site: Site, letter: string, expected = "user:hunter2") => {
  site.publish(stampOf(letter, app));
  for (const [path, serve] of site.answers) {
    site.answers.set(path, (request, response) => {
      const [, base64 = ""] = request.headers.authorization?.split(" ") ?? [];
      if (Buffer.from(base64, "base64").toString() === expected) serve(request, response);
      else response.writeHead(401).end("who are you");
    });
  }
};
const said = (run: object) => JSON.stringify(run);

describe("name and password in the address", () => {
  test("record looks with them, and says and records the address without", async () => {
    await rig.writeStamp(stampOf("a", app));
    guard(rig.site, "a");
    const args = ["record", "--file", "version.json", "--json", ...FAST];
    const run = await rig.tideline([...args, "--probe", withSecret(rig.site.url)]);
    expect(run).toMatchObject({ code: 0 });
    const { observations } = JSON.parse(run.output);
    expect(observations[0].probes[0].address).toBe(rig.site.url);
    expect(said([run, await rig.history(app)])).not.toMatch(SECRET);
  });

  test.each(["--published", "--published <probe>", "reconcile", "configured", "in code"])(
    "%s looks with them too",
    async (how) => {
      guard(rig.site, "a");
      const address = withSecret(rig.site.url);
      if (how === "in code") {
        const { announce } = await import("./record.js");
        const env = { CONVEX_URL: rig.server.url, TIDELINE_RECORD_TOKEN: "x".repeat(20) };
        const announced = announce({ published: address, env, cwd: rig.folder });
        // The stamp was read, or there would be nothing to refuse.
        await expect(announced).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
        return;
      }
      if (how === "configured") {
        await rig.write("tideline.config.json", {
          services: { web: { appName: app, paths: ["src"] } },
          environments: { staging: { probes: { web: address } } },
        });
      }
      const args = {
        "--published": ["record", "--published", address],
        "--published <probe>": ["record", "--published", "--probe", address, ...FAST],
        reconcile: ["reconcile", "--probe", address, ...FAST],
        configured: ["reconcile", "web", ...HERE, ...FAST],
      }[how] as string[];
      const run = await rig.tideline(args);
      await rm(join(rig.folder, "tideline.config.json"), { force: true });
      expect(run).toMatchObject({ code: 0 });
      expect(said(run)).not.toMatch(SECRET);
      expect(await rig.live(app)).toMatchObject({ buildId: "build-a" });
    },
  );

  test("wrong ones are a status, and are not printed", async () => {
    guard(rig.site, "a", "user:another");
    await rig.writeStamp(stampOf("a", app));
    const args = ["record", "--file", "version.json", "--json", "--timeout", "0.2"];
    const run = await rig.tideline([...args, "--probe", withSecret(rig.site.url)]);
    expect(run.code).toBe(1);
    expect(run.log.at(-1)).toContain(`${rig.site.url} answers with status 401`);
    expect(said(run)).not.toMatch(SECRET);
  });

  test("--dry-run names the address without them", async () => {
    await rig.writeStamp(stampOf("a", app));
    const args = ["record", "--file", "version.json", "--dry-run"];
    const run = await rig.tideline([...args, "--probe", withSecret(rig.site.url)]);
    expect(run.output).toContain(`once ${rig.site.url} serves it`);
    expect(said(run)).not.toMatch(SECRET);
  });
});

describe("whoever the address leads to", () => {
  const heard: (string | undefined)[] = [];
  let other: Site;
  beforeAll(async () => {
    other = await Site.start();
  });
  afterAll(async () => {
    await other?.close();
  });
  const listen: RequestListener = (request, response) => {
    heard.push(request.headers.authorization);
    response.writeHead(404).end();
  };

  test("gets no password, for its page or what lies beside it", async () => {
    other.answers.set("*", listen);
    rig.site.answers.set("*", (_, response) => {
      response.writeHead(302, { location: other.url }).end();
    });
    const { url, authorization } = publicAddress("--probe", withSecret(rig.site.url));
    await readPublishedStamp(url, { authorization });
    expect(heard).toEqual([undefined, undefined, undefined]);
  });

  test("gets none from a redirection either, and it is not repeated", async () => {
    rig.site.answers.set("*", (_, response) => {
      response.writeHead(302, { location: withSecret(other.url) }).end();
    });
    const { problem } = await readPublishedStamp(rig.site.url);
    const { host } = new URL(other.url);
    expect(problem).toBe(
      `${rig.site.url} does not answer: it redirects to an address with a password at "${host}"`,
    );
  });
});

test.each([
  ["http://a.example/", "http://a.example/", null],
  ["https://user:p%40ss@a.example/x", "https://a.example/x", "user:p@ss"],
  ["https://user@a.example/", "https://a.example/", "user:"],
  ["https://:100%@a.example/", "https://a.example/", ":100%"],
])("%s is read at %s as %j", (text, url, pair) => {
  const authorization = pair && `Basic ${Buffer.from(pair).toString("base64")}`;
  expect(publicAddress("--probe", text)).toEqual({ url, authorization });
});

test.each([
  ["ftp://user:hunter2@a.example/", "ftp://***@a.example/"],
  ["user:hunter2@a.example", "***@a.example"],
  ["http://user:hunt/er2@", "http://***@"],
])("what is no address is told without what may be a password: %s", async (text, masked) => {
  for (const option of ["--probe", "--published"]) {
    const run = await rig.tideline(["record", option, text]);
    expect(run).toEqual({
      code: 2,
      output: "",
      log: [`Cannot use ${option}: expected an http or https address, got "${masked}"`],
    });
  }
});
