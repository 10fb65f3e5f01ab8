/** `tideline record` on a real ledger: whom it says that it is, and what it looks at first. */

import { withStampTag } from "@tideline/stamp";
import { DeployRig, json, page, RUN_SHA, Site, stampOf } from "@tideline/testing/deploy-rig";
import type { BuildStamp } from "@tideline/version";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { checkRunCommit } from "./check-run-commit.js";

let rig: DeployRig;
beforeAll(async () => {
  rig = await DeployRig.open();
});
afterAll(async () => {
  await rig?.close();
});

let apps = 0;
let app: string;
beforeEach(() => {
  app = `app-${++apps}`;
});
afterEach(() => {
  rig.nextTokens = [];
  rig.tokens.requests.length = 0;
  rig.site.requests.length = 0;
  rig.site.onRequest = () => {};
  rig.site.answers.clear();
});

const FAST = ["--probe-interval", "0.01"];
const last = ({ log }: { readonly log: readonly string[] }) => log.at(-1);
const record = (...args: string[]) => ["record", "--file", "version.json", ...args];
/** A build of the commit that the runs of the rig's issuer run on. */
const runStamp = (extra: Partial<BuildStamp> = {}) =>
  stampOf("r", app, { gitCommit: RUN_SHA, ...extra });

describe("in a job of GitHub Actions without a record token", () => {
  test("the job's identity records, and its row says which run it was", async () => {
    await rig.writeStamp(runStamp());
    const run = await rig.tideline(record(), { env: rig.job() });
    expect(run).toMatchObject({ code: 0 });
    expect(run.output).toContain(`Recorded ${app} 1.0.17 (${RUN_SHA.slice(0, 12)}) in staging`);
    expect(await rig.history(app)).toMatchObject([
      {
        recordedBy: "github:acme/shop",
        runUrl: expect.stringContaining("/acme/shop/actions/runs/31337"),
      },
    ]);
  });

  test("the route is found without CONVEX_URL", async () => {
    await rig.writeStamp(runStamp());
    const env = rig.job({ CONVEX_URL: undefined });
    expect(await rig.tideline(record(), { env })).toMatchObject({ code: 0 });
    const option = { ...env, CONVEX_SITE_URL: undefined };
    expect(
      await rig.tideline(record("--site-url", rig.server.siteUrl), { env: option }),
    ).toMatchObject({ code: 0 });
  });

  test("the audience is the site's address, or what the variable says", async () => {
    await rig.writeStamp(runStamp());
    await rig.tideline(record(), { env: rig.job() });
    const env = rig.job({ TIDELINE_OIDC_AUDIENCE: "somebody-else" });
    const run = await rig.tideline(record(), { env });
    const audiences = rig.tokens.requests.map((path) =>
      new URL(path, rig.tokens.url).searchParams.get("audience"),
    );
    expect(audiences).toEqual([rig.server.siteUrl, "somebody-else"]);
    expect(run.code).toBe(1);
    expect(last(run)).toContain('got "somebody-else"');
  });

  test("announcing, recording and aborting each take a token of their own", async () => {
    const stamp = runStamp();
    await rig.writeStamp(stamp);
    for (const form of [["--announce"], [], ["--announce"], ["--abort"]]) {
      await rig.tideline(record(...form), { env: rig.job() });
    }
    expect(rig.tokens.requests).toHaveLength(4);
    expect(await rig.live(app)).toMatchObject({ buildId: stamp.buildId });
  });

  test("a record token goes first", async () => {
    await rig.writeStamp(runStamp());
    const env = { ...rig.job(), TIDELINE_RECORD_TOKEN: "a-record-token-that-the-rig-knows" };
    expect(await rig.tideline(record(), { env })).toMatchObject({ code: 0 });
    expect(rig.tokens.requests).toEqual([]);
    expect(await rig.history(app)).toMatchObject([{ recordedBy: "token" }]);
  });

  test("the token is in no line that is printed", async () => {
    await rig.writeStamp(runStamp());
    const good = await rig.tideline(record("--json"), { env: rig.job() });
    rig.nextTokens = [{ claims: { exp: 1 } }, { claims: { exp: 1 } }];
    const bad = await rig.tideline(record("--json"), {
      env: rig.job({ TIDELINE_OIDC_AUDIENCE: "another" }),
    });
    const said = JSON.stringify([good, bad]);
    expect(said).not.toMatch(/eyJ|the-token-of-this-job-alone/);
    expect([good.code, bad.code]).toEqual([0, 1]);
  });

  test("a published build of another commit is refused before anything is sent", async () => {
    rig.site.publish(stampOf("b", app));
    const run = await rig.tideline(["record", "--published", rig.site.url], { env: rig.job() });
    expect(run.code).toBe(1);
    expect(last(run)).toBe(
      `Cannot record what is published: expected a build of commit ${RUN_SHA.slice(0, 12)}, but ${rig.site.url} serves 1.0.1 (bbbbbbbbbbbb), build build-b`,
    );
    expect(rig.tokens.requests).toEqual([]);
    expect(await rig.live(app)).toBeNull();
  });

  test("the identity of a run vouches for the run's commit alone, and for ways back", () => {
    const github = { identity: "github" } as const;
    const stamped = { ...stampOf("b", app), environment: "staging", gitCommit: "b".repeat(40) };
    const build = (extra: object = {}) => ({
      record: { ...stamped, idempotencyKey: "k", ...extra },
      isHidden: false,
    });
    const env = { GITHUB_SHA: RUN_SHA };
    expect(() => checkRunCommit(github, build(), env)).toThrow(
      `expected the run's commit ${RUN_SHA.slice(0, 12)} (GITHUB_SHA), got a build of bbbbbbbbbbbb`,
    );
    checkRunCommit(github, build({ allowRollback: true }), env);
    checkRunCommit(github, build({ gitCommit: RUN_SHA }), env);
    checkRunCommit({ identity: "token" }, build(), env);
  });

  test("a run at a tag records the tag, which the stamp need not know", async () => {
    await rig.writeStamp(runStamp());
    rig.nextTokens = [{ claims: { ref: "refs/tags/v1.2.3", ref_type: "tag" } }];
    const env = rig.job({ GITHUB_REF_TYPE: "tag", GITHUB_REF_NAME: "v1.2.3" });
    expect(await rig.tideline(record(), { env })).toMatchObject({ code: 0 });
    expect(await rig.live(app)).toMatchObject({ gitTag: "v1.2.3" });
  });

  test("a token that is not trusted is refused with the ledger's own words", async () => {
    await rig.writeStamp(runStamp());
    rig.nextTokens = [{ claims: { repository_id: "6666" } }];
    const run = await rig.tideline(record("--json"), { env: rig.job() });
    expect(run.code).toBe(3);
    expect(JSON.parse(run.output)).toMatchObject({
      ok: false,
      kind: "refused",
      code: "NOT_TRUSTED",
    });
    expect(await rig.live(app)).toBeNull();
  });

  test.each<[title: string, env: Record<string, string | undefined>, code: number, said: string]>([
    [
      "may not ask for a token",
      { ACTIONS_ID_TOKEN_REQUEST_URL: undefined },
      2,
      'Cannot record: there is no record token and this job may not prove who it is; add "permissions: id-token: write" to the job, or set TIDELINE_RECORD_TOKEN or keep it in ".tideline/record-token"',
    ],
    [
      "does not know the route",
      { CONVEX_SITE_URL: undefined },
      2,
      "Cannot record with GitHub's identity: the address of the HTTP actions is not known, set CONVEX_SITE_URL or use --site-url",
    ],
    [
      "has a wrong address of the route",
      { CONVEX_SITE_URL: "localhost:3211" },
      2,
      'Cannot reach the ledger: expected an http or https address in CONVEX_SITE_URL, got "localhost:3211"',
    ],
    [
      "is given no token",
      { ACTIONS_ID_TOKEN_REQUEST_TOKEN: "another" },
      1,
      "Cannot prove who this job is: expected a token from GitHub, got status 401",
    ],
  ])("a job that %s is told so", async (_, env, code, said) => {
    await rig.writeStamp(runStamp());
    const run = await rig.tideline(record(), { env: rig.job(env) });
    expect({ code: run.code, last: last(run) }).toEqual({ code, last: said });
  });
});

test("the record token takes the route where only that is known", async () => {
  await rig.writeStamp(stampOf("a", app));
  const env = { CONVEX_URL: undefined, CONVEX_SITE_URL: rig.server.siteUrl };
  expect(await rig.tideline(record(), { env })).toMatchObject({ code: 0 });
  expect(await rig.history(app)).toMatchObject([{ recordedBy: "token" }]);
});

test("without a probe it says once that nobody looks", async () => {
  await rig.writeStamp(stampOf("a", app));
  expect((await rig.tideline(record())).log).toEqual([
    "Nobody looks whether it is served: without --probe the caller is trusted",
  ]);
});

test("the fingerprint and the image of a build are kept with it", async () => {
  await rig.writeStamp(stampOf("a", app));
  const imageDigest = `sha256:${"ab".repeat(32)}`;
  await rig.tideline(record("--inputs-id", "0123456789abcdef", "--image-digest", imageDigest));
  expect(await rig.history(app)).toMatchObject([{ inputsId: "0123456789abcdef", imageDigest }]);
});

describe("--published", () => {
  test("takes the stamp from the page", async () => {
    rig.site.publish(stampOf("a", app));
    expect(await rig.tideline(["record", "--published", rig.site.url])).toMatchObject({ code: 0 });
    expect(await rig.live(app)).toMatchObject({ buildId: "build-a", gitCommit: "a".repeat(40) });
  });

  test("without an address takes that of --probe, and looks there too", async () => {
    rig.site.publish(stampOf("a", app));
    const run = await rig.tideline(["record", "--probe", rig.site.url, "--published", ...FAST]);
    expect(run).toMatchObject({ code: 0 });
    expect(run.output).toContain("3 times in a row");
  });

  test("waits for the run's own build where it looks", async () => {
    rig.site.publish(stampOf("a", app));
    rig.site.onRequest = (count) => {
      if (count === 3) rig.site.publish(runStamp());
    };
    const args = ["record", "--probe", rig.site.url, "--published", ...FAST];
    expect(await rig.tideline(args, { env: rig.job() })).toMatchObject({ code: 0 });
    expect(await rig.live(app)).toMatchObject({ buildId: "build-r", gitCommit: RUN_SHA });
  });

  test.each<[title: string, serve: () => void, args: string[], code: number, said: string]>([
    [
      "an app that is another",
      () => rig.site.publish(stampOf("a", "shop")),
      ["--app", "web"],
      3,
      'Cannot record shop: it was built as "shop" and is to be recorded as "web"',
    ],
    [
      "an environment that is another",
      () => rig.site.publish(stampOf("a", "web")),
      ["--environment", "production"],
      3,
      'Cannot record web: it was built for "staging" and is to be recorded for "production"',
    ],
    [
      "a page instead of JSON",
      () => rig.site.answers.set("*", page("<html><head></head></html>")),
      [],
      1,
      "Cannot read which build is published: <site> is a page without a stamp",
    ],
    [
      "nothing",
      () => {},
      [],
      1,
      "Cannot read which build is published: <site> answers with status 404",
    ],
    [
      "JSON of something else",
      () => rig.site.answers.set("/", json({ name: "shop" })),
      [],
      1,
      "Cannot read which build is published: <site> answers with JSON that names no build",
    ],
  ])("%s is refused", async (_, serve, args, code, said) => {
    serve();
    const run = await rig.tideline(["record", "--published", rig.site.url, ...args]);
    expect({ code: run.code, last: last(run) }).toEqual({
      code,
      last: said.replace("<site>", rig.site.url),
    });
  });
});

describe("--probe", () => {
  test("announces, waits for the build, and records what it saw", async () => {
    const old = stampOf("a", app);
    rig.site.publish(old);
    await rig.writeStamp(old);
    await rig.tideline(record());
    const stamp = stampOf("b", app);
    await rig.writeStamp(stamp);
    let pending: Promise<unknown> | null = null;
    rig.site.onRequest = (count) => {
      if (count === 3) pending = rig.live(app, stamp.buildId);
      if (count === 4) rig.site.publish(stamp);
    };
    const run = await rig.tideline(record("--probe", rig.site.url, "--json", ...FAST));
    expect(run.code).toBe(0);
    expect(await pending).toMatchObject({ clientBuild: { state: "pending" }, buildId: "build-a" });
    expect(await rig.live(app)).toMatchObject({ buildId: "build-b", epoch: 2 });
    const { observations } = JSON.parse(run.output);
    expect(observations).toMatchObject([
      { probes: [{ builds: [{ buildId: "build-a" }, { buildId: "build-b", answers: 1 }] }] },
      { state: "settled", inARow: 3, probes: [{ builds: [{ buildId: "build-b", answers: 3 }] }] },
    ]);
    // Every look is past the caches.
    expect(new Set(rig.site.requests).size).toBe(rig.site.requests.length);
  });

  test("several addresses must all serve it", async () => {
    const other = await Site.start();
    try {
      const stamp = stampOf("a", app);
      rig.site.publish(stamp);
      other.publish(stampOf("z", app));
      other.onRequest = (count) => {
        if (count === 3) other.publish(stamp);
      };
      await rig.writeStamp(stamp);
      const probes = ["--probe", rig.site.url, "--probe", other.url];
      const run = await rig.tideline(record(...probes, ...FAST));
      expect(run).toMatchObject({ code: 0 });
      expect(rig.site.requests.length).toBe(other.requests.length);
    } finally {
      await other.close();
    }
  });

  test("an address that serves another build at the end records nothing, and what pages may have got stays announced", async () => {
    const [a, stamp] = [stampOf("a", app), stampOf("b", app)];
    await rig.writeStamp(a);
    await rig.tideline(record());
    rig.site.publish(a);
    await rig.writeStamp(stamp);
    const run = await rig.tideline(record("--probe", rig.site.url, ...FAST, "--timeout", "0.1"));
    expect(run.code).toBe(1);
    expect(last(run)).toMatch(
      /^Cannot record app-\d+ 1\.0\.1 \(bbbbbbbbbbbb\) in staging: expected build build-b to be served within 0\.1 s, but http:\S+ gave (\d+) of \1 answers 1\.0\.0 \(build-a\)$/,
    );
    expect(run.log).toContain(
      "Pages may have got the build, so its announcement is left to run out",
    );
    expect(await rig.live(app, "build-b")).toMatchObject({
      ...{ buildId: "build-a", epoch: 1 },
      clientBuild: { state: "pending" },
    });
  });

  test("--json has the answers also where nothing could be recorded", async () => {
    rig.site.publish(stampOf("a", app));
    await rig.writeStamp(stampOf("b", app));
    const args = record("--probe", rig.site.url, ...FAST, "--timeout", "0.1", "--json");
    const run = await rig.tideline([...args, "--idempotency-key", "k"]);
    expect(run.code).toBe(1);
    expect(JSON.parse(run.output)).toMatchObject({
      ...{ ok: false, kind: "failed", code: null, message: last(run) },
      ...{ appName: app, environment: "staging", version: "1.0.1", idempotencyKey: "k" },
      observations: [
        {
          state: "looking",
          probes: [{ address: rig.site.url, builds: [{ buildId: "build-a" }], failures: 0 }],
        },
      ],
    });
  });

  test("an address that flips between two builds is no agreement", async () => {
    const [a, b] = [stampOf("a", app), stampOf("b", app)];
    rig.site.onRequest = (count) => rig.site.publish(count % 3 === 0 ? a : b);
    await rig.writeStamp(b);
    const run = await rig.tideline(record("--probe", rig.site.url, ...FAST, "--timeout", "0.2"));
    expect(run.code).toBe(1);
    expect(last(run)).toMatch(/\(build-b\), \d+ of \d+ answers|\(build-a\), \d+ of \d+ answers/);
    expect(await rig.live(app)).toBeNull();
  });

  /** Records a build as another deployer does, before the look with this number is answered. */
  const recordAtLook = (look: number, other: BuildStamp, after: () => void = () => {}) => {
    const serve = rig.site.answers.get("/");
    const args = {
      ...{ appName: app, environment: "staging", version: other.version, buildId: other.buildId },
      ...{ gitCommit: other.gitCommit ?? "", buildNumber: 1, buildTime: 1 },
    };
    rig.site.answers.set("/", (request, response) => {
      if (rig.site.requests.length !== look) return serve?.(request, response);
      void rig.mutation("deployments:recordDeployment", args).then(() => {
        serve?.(request, response);
        after();
      });
    });
  };

  test("whoever is overtaken says so, and what is served stays what is recorded", async () => {
    const [b, c] = [stampOf("b", app), stampOf("c", app)];
    await rig.writeStamp(b);
    rig.site.publish(b);
    recordAtLook(4, c, () => rig.site.publish(c));
    const run = await rig.tideline(record("--probe", rig.site.url, "--json", ...FAST));
    expect(run.code).toBe(3);
    expect(JSON.parse(run.output)).toMatchObject({ ok: false, code: "OVERTAKEN", epoch: 1 });
    expect(run.log).toContain("Another deployer was faster; looking again at what is served");
    expect(await rig.live(app)).toMatchObject({ buildId: "build-c", epoch: 1 });
    expect((await rig.history(app)).map(({ status }) => status)).toEqual(["superseded", "live"]);
  });

  test("what is served and recorded by nobody is recorded by whoever sees it", async () => {
    const [b, c, d] = [stampOf("b", app), stampOf("c", app), stampOf("d", app)];
    await rig.writeStamp(b);
    rig.site.publish(b);
    recordAtLook(4, c, () => rig.site.publish(d));
    const run = await rig.tideline(record("--probe", rig.site.url, "--json", ...FAST));
    expect(run.code).toBe(3);
    expect(JSON.parse(run.output)).toMatchObject({ ok: false, code: "OVERTAKEN" });
    expect(await rig.live(app)).toMatchObject({ buildId: "build-d", epoch: 2 });
  });

  test("a deployment that is overtaken and served all the same is recorded at the second look", async () => {
    const stamp = stampOf("b", app);
    await rig.writeStamp(stamp);
    rig.site.publish(stamp);
    recordAtLook(2, stampOf("c", app));
    const run = await rig.tideline(record("--probe", rig.site.url, ...FAST));
    expect(run).toMatchObject({ code: 0 });
    expect(await rig.live(app)).toMatchObject({ buildId: "build-b", epoch: 2 });
  });

  test("a refused announcement looks at nothing", async () => {
    await rig.writeStamp(stampOf("a", app));
    await rig.tideline(record());
    await rig.tideline(["hold", app, "--environment", "staging", "--reason", "Migration"]);
    await rig.writeStamp(stampOf("b", app));
    rig.site.publish(stampOf("b", app));
    const run = await rig.tideline(record("--probe", rig.site.url, ...FAST));
    expect(run.code).toBe(3);
    expect(last(run)).toContain("the target is held (Migration)");
    expect(rig.site.requests).toEqual([]);
  });

  test("Ctrl-C while it waits records nothing and leaves the announcement to run out", async () => {
    const stamp = stampOf("b", app);
    await rig.writeStamp(stampOf("a", app));
    await rig.tideline(record());
    await rig.writeStamp(stamp);
    rig.site.publish(stampOf("a", app));
    const controller = new AbortController();
    let before: Promise<unknown> = Promise.resolve();
    rig.site.onRequest = (count) => {
      if (count !== 2) return;
      before = rig.live(app, stamp.buildId).then((live) => {
        controller.abort();
        return live;
      });
    };
    const run = await rig.tideline(record("--probe", rig.site.url, ...FAST), {
      signal: controller.signal,
    });
    expect(await before).toMatchObject({ clientBuild: { state: "pending" } });
    expect(run.code).toBe(130);
    expect(last(run)).toContain(`Stopped while waiting for ${rig.site.url}, nothing is recorded`);
    expect(await rig.live(app, stamp.buildId)).toMatchObject({
      ...{ buildId: "build-a", epoch: 1 },
      clientBuild: { state: "pending" },
    });
  });

  test("--dry-run looks at nothing and names the address", async () => {
    await rig.writeStamp(stampOf("a", app));
    const run = await rig.tideline(record("--probe", rig.site.url, "--dry-run"));
    expect(run.output).toContain(`once ${rig.site.url} serves it`);
    expect(rig.site.requests).toEqual([]);
  });
});

describe("--service", () => {
  test("takes app, artifact and address from the configuration", async () => {
    await rig.write("tideline.config.json", {
      services: { web: { appName: app, paths: ["src"], dist: "." } },
      environments: {
        staging: { probes: { web: rig.site.url }, convexUrl: rig.server.url },
      },
    });
    const stamp = stampOf("a", app);
    await rig.writeStamp(stamp);
    rig.site.publish(stamp);
    const args = ["record", "--service", "web", "--environment", "staging", ...FAST];
    const run = await rig.tideline(args, { env: { CONVEX_URL: undefined } });
    expect(run).toMatchObject({ code: 0 });
    expect(run.output).toContain("3 times in a row");
    expect(await rig.history(app)).toMatchObject([
      { buildId: "build-a", inputsId: expect.stringMatching(/^[0-9a-f]{16}$/) },
    ]);
  });

  test("a service without an artifact is its inputs", async () => {
    await rig.write("tideline.config.json", {
      versionFile: "the-version.json",
      services: { api: { appName: app, paths: ["api.txt"] } },
      environments: { staging: {} },
    });
    await rig.write("the-version.json", { version: "4.20.5" });
    await rig.write("api.txt", "one");
    const args = ["record", "--service", "api", "--environment", "staging", "--json"];
    const first = JSON.parse((await rig.tideline(args)).output);
    expect(first).toMatchObject({ ok: true, version: "4.20.5", epoch: 1 });
    expect(first.buildId).toMatch(/^[0-9a-f]{16}$/);
    await rig.write("api.txt", "two");
    const second = JSON.parse((await rig.tideline(args)).output);
    expect(second.buildId).not.toBe(first.buildId);
    expect(await rig.history(app)).toMatchObject([
      { inputsId: second.buildId },
      { inputsId: first.buildId },
    ]);
  });

  test.each([
    [
      "service",
      ["--service", "wep", "--environment", "staging"],
      /services of tideline\.config\.json \(api\), got "wep"/,
    ],
    [
      "environment",
      ["--service", "api", "--environment", "prod"],
      /environments of tideline\.config\.json \(staging\), got "prod"/,
    ],
  ])("an unknown %s is named with those that there are", async (_, args, said) => {
    const run = await rig.tideline(["record", ...args]);
    expect(run.code).toBe(2);
    expect(last(run)).toMatch(said);
  });
});

describe("one sentence and exit code 2", () => {
  test.each([
    [
      ["--probe", "example.com"],
      'Cannot use --probe: expected an http or https address, got "example.com"',
    ],
    [
      ["--image-digest", "sha256:12"],
      'Cannot use --image-digest: expected "sha256:" and 64 hex digits in lower case, got "sha256:12"',
    ],
    [
      ["--notes", "ä".repeat(2049)],
      "Cannot record: expected notes of at most 4096 bytes, got 4098",
    ],
    [
      ["--inputs-id", "x y"],
      'Cannot record: expected an inputs id of 1 to 128 characters without white space, got "x y"',
    ],
    [
      ["--label", "1", "--published", "http://127.0.0.1"],
      "Cannot use --label and --published together: each names a build",
    ],
    [
      ["--published"],
      "Cannot use --published without an address: expected one, or a --probe whose address it is",
    ],
    [
      ["--published", "ftp://example.com"],
      'Cannot use --published: expected an http or https address, got "ftp://example.com"',
    ],
    [
      ["--probe", "http://127.0.0.1", "--as-of-epoch", "1"],
      "Cannot use --as-of-epoch and --probe together: who looks reads the epoch itself",
    ],
    [
      ["--probe-interval", "soon"],
      'Cannot use --probe-interval: expected a number from 0.01 to 3600, got "soon"',
    ],
  ])("for %j", async (args, said) => {
    const run = await rig.tideline(["record", ...args]);
    expect(run).toEqual({ code: 2, output: "", log: [said] });
  });
});

test("a page's stamp and a page that is none are told apart on one host", async () => {
  // A host that answers every path with its page: version.json is no file there.
  rig.site.answers.set("*", page(withStampTag("<head></head>", stampOf("a", app))));
  const run = await rig.tideline(["record", "--published", `${rig.site.url}version.json`]);
  expect(run.code).toBe(1);
  expect(last(run)).toBe(
    `Cannot read which build is published: ${rig.site.url}version.json answers with a page instead of JSON, so there is no such file`,
  );
});
