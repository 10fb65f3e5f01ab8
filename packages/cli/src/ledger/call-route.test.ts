/** `POST /deployments` when it is slow, broken, or disagrees about the time. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { DeployRig, RUN_SHA } from "@tideline/testing/deploy-rig";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { callRoute } from "./call-route.js";
import { findGitHubIdentity, requestIdentityToken } from "./github-identity.js";
import { openLedger } from "./open-ledger.js";

type Answer = (response: ServerResponse, request: IncomingMessage) => void;
const reply =
  (status: number, body: unknown, headers = {}): Answer =>
  (response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  };

let server: Server;
let url: string;
let answers: Answer[];
let bearers: (string | undefined)[];
let bodies: unknown[];
beforeEach(async () => {
  answers = [];
  bearers = [];
  bodies = [];
  server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    bearers.push(request.headers.authorization);
    bodies.push(body === "" ? null : JSON.parse(body));
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    answer?.(response, request);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const call = (extra: Partial<Parameters<typeof callRoute>[2]> = {}) => {
  const log: string[] = [];
  const slept: number[] = [];
  let asked = 0;
  const answer = callRoute(
    "begin",
    { appName: "web" },
    {
      ...{ doing: "announce web in staging", url, timeoutMs: 20_000 },
      log: (line) => log.push(line),
      bearer: async () => `token-${++asked}`,
      sleep: async (ms) => {
        slept.push(ms);
      },
      ...extra,
    },
  );
  return { answer, log, slept };
};

test("the answer is the mutation's, a refusal by policy too", async () => {
  const refusal = { ok: false, code: "TARGET_HELD", message: "held" };
  answers = [reply(200, { ok: true, epoch: 1 }), reply(409, refusal)];
  expect(await call().answer).toEqual({ ok: true, epoch: 1 });
  expect(await call().answer).toEqual(refusal);
  expect(bodies[0]).toEqual({ action: "begin", appName: "web" });
});

describe("what is tried again, each time with a fresh token", () => {
  test.each<[title: string, answer: Answer, said: string]>([
    ["503", reply(503, { code: "ISSUER_UNAVAILABLE", message: "keys" }), "status 503 (keys)"],
    ["429", reply(429, ""), "status 429"],
    ["408", reply(408, ""), "status 408"],
    ["a broken connection", (_, request) => void request.socket.destroy(), "other side closed"],
  ])("%s", async (_, broken, said) => {
    answers = [broken, reply(200, { ok: true })];
    const { answer, log } = call();
    expect(await answer).toEqual({ ok: true });
    expect(bearers).toEqual(["Bearer token-1", "Bearer token-2"]);
    expect(log).toEqual([`Attempt 1 to announce web in staging failed: ${said}; trying again`]);
  });
});

describe("a token endpoint that gives none is named, and not the ledger", () => {
  const ask = async (answer: Answer) => {
    answers = [answer];
    const env = {
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: "t",
      ACTIONS_ID_TOKEN_REQUEST_URL: `${url}/token`,
    };
    const ledger = await openLedger({
      env: { ...env, CONVEX_SITE_URL: "http://ledger.example", CI: "true", GITHUB_ACTIONS: "true" },
      cwd: "/",
    });
    const log: string[] = [];
    const options = { doing: "announce web in staging", timeoutMs: 900 };
    const error = await ledger
      .ask("begin", {}, { ...options, log: (line) => log.push(line) })
      .then(() => expect.fail("it was answered"))
      .catch((cause: Error) => cause);
    return { message: error.message, log };
  };

  test("that is silent", async () => {
    expect((await ask(() => {})).message).toBe(
      `Cannot announce web in staging: no answer from GitHub's token endpoint at ${url} within 0.9 s`,
    );
  });

  test("that is down", async () => {
    const { message, log } = await ask(reply(503, ""));
    const said = `no token from GitHub's token endpoint at ${url}: status 503`;
    expect(log[0]).toBe(`Attempt 1 to announce web in staging failed: ${said}; trying again`);
    expect(message).toBe(
      `Cannot announce web in staging: no answer from GitHub's token endpoint at ${url} within 0.9 s; the last attempt: ${said}`,
    );
  });

  test("that breaks connections", async () => {
    const { log } = await ask((_, request) => void request.socket.destroy());
    expect(log[0]).toContain(`no token from GitHub's token endpoint at ${url}: other side closed`);
  });
});

describe("a token that clocks disagree about", () => {
  const early = reply(401, {
    code: "UNAUTHENTICATED",
    message: "Cannot accept the OIDC token: expected iat before 1 with 60 s of tolerance, got 2",
  });

  test("is replaced once after six seconds", async () => {
    answers = [early, reply(200, { ok: true })];
    const { answer, slept, log } = call();
    expect(await answer).toEqual({ ok: true });
    expect(slept).toEqual([6_000]);
    expect(bearers).toEqual(["Bearer token-1", "Bearer token-2"]);
    expect(log[0]).toContain("The ledger's clock and GitHub's differ");
  });

  test("and no more than once", async () => {
    answers = [early];
    const { answer, slept } = call();
    await expect(answer).rejects.toMatchObject({ kind: "failed", code: "UNAUTHENTICATED" });
    expect(slept).toEqual([6_000]);
    expect(bearers).toHaveLength(2);
  });

  test("is left by a signal", async () => {
    answers = [early];
    const controller = new AbortController();
    const { answer } = call({
      signal: controller.signal,
      sleep: async (_, signal) => {
        controller.abort();
        signal?.throwIfAborted();
      },
    });
    await expect(answer).rejects.toMatchObject({ kind: "interrupted" });
  });
});

describe("what is final", () => {
  test.each<[title: string, answer: Answer, expected: object]>([
    [
      "a used token",
      reply(401, { code: "UNAUTHENTICATED", message: "Cannot: used" }),
      { kind: "failed", code: "UNAUTHENTICATED", message: "Cannot: used" },
    ],
    [
      "a run that is not trusted",
      reply(403, { code: "NOT_TRUSTED", message: "Cannot: who" }),
      { kind: "refused", code: "NOT_TRUSTED" },
    ],
    [
      "a ledger that trusts nobody",
      reply(403, { code: "RECORDING_NOT_CONFIGURED", message: "Cannot" }),
      { kind: "failed" },
    ],
    [
      "a setting that makes no sense",
      reply(500, { code: "INVALID_SETTING", message: "Cannot: set" }),
      { kind: "failed", code: "INVALID_SETTING" },
    ],
    [
      "a body that makes no sense",
      reply(400, { code: "INVALID_ARGUMENT", message: "Cannot: arg" }),
      { kind: "failed", code: "INVALID_ARGUMENT" },
    ],
    [
      "no such route",
      reply(404, "No matching routes"),
      {
        kind: "failed",
        message: expect.stringContaining(
          "there is no route /deployments, mount it in convex/http.ts",
        ),
      },
    ],
    [
      "a redirection",
      reply(301, "", { location: "http://127.0.0.1/" }),
      { kind: "failed", message: expect.stringContaining("status 301; it leads elsewhere") },
    ],
    [
      "a web page",
      reply(200, "<!doctype html>"),
      {
        kind: "failed",
        message: expect.stringContaining(
          'expected the JSON of Tideline\'s route, got "<!doctype html>"',
        ),
      },
    ],
  ])("%s", async (_, answer, expected) => {
    answers = [answer];
    await expect(call().answer).rejects.toMatchObject({ name: "CommandError", ...expected });
    expect(bearers).toHaveLength(1);
  });
});

describe("GitHub's token", () => {
  const identity = () => {
    const found = findGitHubIdentity({
      ACTIONS_ID_TOKEN_REQUEST_URL: `${url}/token?v=1`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: "job",
    });
    if (found === null) throw new TypeError("no identity");
    return found;
  };
  const ask = () =>
    requestIdentityToken(identity(), "https://x.convex.site", AbortSignal.timeout(9_000));

  test("is asked for with the audience and the job's own token", async () => {
    let asked = "";
    answers = [
      (response, request) => {
        asked = request.url ?? "";
        reply(200, { count: 1, value: "a.b.c" })(response, request);
      },
    ];
    expect(await ask()).toBe("a.b.c");
    expect(asked).toBe("/token?v=1&audience=https%3A%2F%2Fx.convex.site");
    expect(bearers).toEqual(["bearer job"]);
  });

  test.each<[answer: Answer, said: string]>([
    [reply(403, { message: "secret.of.github" }), "got status 403"],
    [reply(200, "secret.of.github"), "got an answer without one"],
    [reply(200, { value: 7 }), "got an answer without one"],
    [reply(500, "secret.of.github"), "token endpoint at"],
    [reply(302, "", { location: "http://127.0.0.1/" }), "unexpected redirect"],
  ])("that does not come is said without what came (%#)", async (answer, said) => {
    answers = [answer];
    const error = await ask().then(String, (error: Error) => error.message);
    expect(error).toContain(said);
    expect(error).not.toContain("secret");
  });

  test.each([
    [{}],
    [{ ACTIONS_ID_TOKEN_REQUEST_URL: "http://127.0.0.1/" }],
    [{ ACTIONS_ID_TOKEN_REQUEST_URL: "file:///x", ACTIONS_ID_TOKEN_REQUEST_TOKEN: "t" }],
  ])("is not to be had with %j", (env) => {
    expect(findGitHubIdentity(env)).toBeNull();
  });
});

describe("with a real ledger", () => {
  let rig: DeployRig;
  beforeAll(async () => {
    rig = await DeployRig.open();
  });
  afterAll(async () => {
    await rig?.close();
  });
  const begin = (claims: (() => Record<string, unknown>)[]) => {
    const slept: number[] = [];
    const args = { appName: "web", environment: "staging", version: "1", gitCommit: RUN_SHA };
    const answer = callRoute("begin", args, {
      ...{ doing: "announce", url: rig.server.siteUrl, timeoutMs: 20_000, log: () => {} },
      bearer: async () =>
        rig.issuer.token({ claims: { aud: rig.server.siteUrl, ...claims.shift()?.() } }),
      sleep: async (ms) => {
        slept.push(ms);
      },
    });
    return { answer, slept };
  };
  const inAnHour = () => Math.floor(Date.now() / 1000) + 3600;

  test.each<[claim: string, bad: () => Record<string, unknown>]>([
    ["iat", () => ({ iat: inAnHour() })],
    ["nbf", () => ({ nbf: inAnHour() })],
    ["exp", () => ({ exp: inAnHour() - 7200 })],
  ])("its own words about %s are known for a clock's", async (_, bad) => {
    const { answer, slept } = begin([bad]);
    expect(await answer).toMatchObject({ ok: true });
    expect(slept).toEqual([6_000]);
  });

  test("a used token is not taken for one", async () => {
    const jti = () => ({ jti: "once" });
    await begin([jti]).answer;
    const { answer, slept } = begin([jti]);
    await expect(answer).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    expect(slept).toEqual([]);
  });
});
