/** `POST /deployments` by the record token, and requests that make no sense. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TOKEN } from "../../../ledger/src/suite/rig.js";
import { OidcRig } from "./rig.js";

let rig: OidcRig;
beforeAll(async () => {
  rig = await OidcRig.start();
});
afterAll(() => rig.close());

const JSON_TYPE = { "Content-Type": "application/json" };

describe("the record token", () => {
  test("announces, records and aborts, under its own name", async () => {
    const target = rig.target();
    expect((await rig.post(rig.begin(target), TOKEN)).body).toMatchObject({ state: "pending" });
    expect((await rig.post(rig.abort(target), TOKEN)).body).toEqual({ ok: true });
    expect((await rig.post(rig.finish(target), TOKEN)).body).toMatchObject({ ok: true, epoch: 1 });
    const [row] = (await target.history()).page;
    expect(row?.recordedBy).toBe("token");
    expect(row).not.toHaveProperty("runUrl");
  });

  test("its own idempotency key counts", async () => {
    const target = rig.target();
    const body = rig.finish(target, { idempotencyKey: "run-1" });
    const first = await rig.post(body, TOKEN);
    expect((await rig.post(body, TOKEN)).body).toEqual({ ...first.body, alreadyRecorded: true });
  });

  test("a wrong one is a 401 and leaves nothing", async () => {
    const target = rig.target();
    const wrong = "not.the.token-0123456789";
    const answer = await rig.post(rig.finish(target), wrong);
    expect([answer.status, answer.body.code]).toEqual([401, "UNAUTHENTICATED"]);
    expect(answer.body.message).not.toContain(wrong);
    expect(await target.story()).toEqual([]);
  });

  test("a refusal is a 409 and leaves its row", async () => {
    const target = rig.target();
    await target.record("b");
    await target.hold("incident");
    const answer = await rig.post(rig.finish(target), TOKEN);
    expect([answer.status, answer.body.code]).toEqual([409, "TARGET_HELD"]);
    expect(await target.story()).toEqual(["a deploy refused @1", "b deploy live @1"]);
  });

  test("while none is set, nobody records by one", async () => {
    await rig.withVariables({ TIDELINE_RECORD_TOKEN: " " }, async () => {
      const answer = await rig.post(rig.finish(rig.target()), TOKEN);
      expect([answer.status, answer.body.code]).toEqual([403, "RECORDING_NOT_CONFIGURED"]);
    });
  });
});

describe("a request without a bearer token", () => {
  test.each([
    ["no header", {}],
    ["another scheme", { Authorization: `Convex ${TOKEN}` }],
    ["no token", { Authorization: "Bearer " }],
    ["two tokens", { Authorization: `Bearer ${TOKEN} ${TOKEN}` }],
  ])("%s is a 401 before its body is looked at", async (_, headers) => {
    const answer = await rig.request({ headers: { ...JSON_TYPE, ...headers }, body: "{" });
    expect([answer.status, answer.body.code]).toEqual([401, "UNAUTHENTICATED"]);
    expect(answer.headers.get("www-authenticate")).toBe("Bearer");
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(answer.body.message).not.toContain(TOKEN);
  });
});

describe("a body", () => {
  const send = (body: BodyInit, headers: Record<string, string> = JSON_TYPE) =>
    rig.request({ headers: { Authorization: `Bearer ${TOKEN}`, ...headers }, body });

  test.each([
    ["text/plain", "text/plain"],
    ["application/jsonp", "application/jsonp"],
    ["a form", "application/x-www-form-urlencoded"],
  ])("of %s is a 415", async (_, type) => {
    const answer = await send("{}", { "Content-Type": type });
    expect([answer.status, answer.body.code]).toEqual([415, "UNSUPPORTED_MEDIA_TYPE"]);
  });

  test("of JSON with a charset is taken", async () => {
    const type = { "Content-Type": "application/json; charset=utf-8" };
    expect((await send(JSON.stringify(rig.finish(rig.target())), type)).status).toBe(200);
  });

  test("above 64 KiB is a 413, said by its length or not", async () => {
    const text = JSON.stringify(rig.finish(rig.target(), { notes: "x".repeat(70_000) }));
    const said = await send(text);
    expect([said.status, said.body.code]).toEqual([413, "BODY_TOO_LARGE"]);
    const stream = new ReadableStream({
      start(controller) {
        for (let i = 0; i < text.length; i += 1000) {
          controller.enqueue(new TextEncoder().encode(text.slice(i, i + 1000)));
        }
        controller.close();
      },
    });
    const streamed = await rig.request({
      headers: { Authorization: `Bearer ${TOKEN}`, ...JSON_TYPE },
      body: stream,
      duplex: "half",
    } as RequestInit);
    expect([streamed.status, streamed.body.code]).toEqual([413, "BODY_TOO_LARGE"]);
  });

  test.each<[string, string | Uint8Array<ArrayBuffer>, string]>([
    ["empty", "", "expected a JSON object, got"],
    ["cut off", '{"action":"finish"', "expected a JSON object, got"],
    ["an array", "[]", "expected a JSON object, got an array"],
    ["null", "null", "expected a JSON object, got null"],
    ["a text", '"finish"', 'expected a JSON object, got "finish"'],
    ["bytes that are no UTF-8", new Uint8Array([0x7b, 0xff, 0x7d]), "expected JSON in UTF-8"],
    ["without an action", "{}", 'expected action "begin", "finish" or "abort", got none'],
    ["with an unknown action", '{"action":"delete"}', 'got "delete"'],
    ["with an action of every object", '{"action":"constructor"}', 'got "constructor"'],
    ["with an action that is no text", '{"action":["finish"]}', "got an array"],
    ["with an action by its prototype", '{"__proto__":{"action":"finish"}}', "got none"],
  ])("that is %s is a 400", async (_, body, words) => {
    const answer = await send(body);
    expect([answer.status, answer.body.code]).toEqual([400, "INVALID_ARGUMENT"]);
    expect(answer.body.message).toContain(`Cannot change a deployment: `);
    expect(answer.body.message).toContain(words);
  });

  test.each<[string, Record<string, unknown>, string]>([
    ["an unknown field", { buildDate: "today" }, 'got "buildDate"'],
    ["the token in it", { token: TOKEN }, 'got "token"'],
    ["a prototype", JSON.parse('{"__proto__": {"allowRollback": true}}'), 'got "__proto__"'],
    ["a constructor", { constructor: 1 }, 'got "constructor"'],
    ["who recorded it", { recordedBy: "github:acme/shop" }, 'got "recordedBy"'],
    ["a run of its own", { runUrl: "https://evil.example" }, 'got "runUrl"'],
    ["no version", { version: undefined }, "expected version as a text, got none"],
    ["a version that is a number", { version: 1 }, "expected version as a text, got 1"],
    ["half a character", { notes: "\ud800" }, "expected notes as a text"],
    ["a build number in text", { buildNumber: "7" }, 'expected buildNumber as a number, got "7"'],
    ["allowRollback in text", { allowRollback: "yes" }, "expected allowRollback as true or false"],
    [
      "another severity",
      { severity: "high" },
      'expected severity as "normal" or "critical", got "high"',
    ],
    ["a tag that is a list", { gitTag: ["v1"] }, "expected gitTag as a text or null, got an array"],
    ["a note of null", { notes: null }, "expected notes as a text, got null"],
    ["an empty app", { appName: "" }, "expected appName of 1 to 64"],
    ["a time before 1970", { buildTime: -1 }, "expected buildTime"],
  ])("with %s is a 400 that says so", async (_, extra, words) => {
    const target = rig.target();
    const body = { ...rig.finish(target) };
    // Defined, not assigned: a prototype is to be a field of its own.
    for (const name of Object.keys(extra)) {
      Object.defineProperty(body, name, { value: extra[name], enumerable: true });
    }
    const answer = await send(JSON.stringify(body));
    expect([answer.status, answer.body.code]).toEqual([400, "INVALID_ARGUMENT"]);
    expect(answer.body.message).toMatch(/^Cannot record deployment: expected /);
    expect(answer.body.message).toContain(words);
    expect(answer.body.message).not.toContain(TOKEN);
    expect(await target.story()).toEqual([]);
  });

  test("of an abort takes no more than an abort needs", async () => {
    const answer = await send(JSON.stringify({ ...rig.abort(rig.target()), version: "1" }));
    expect(answer.body.message).toContain(
      'Cannot abort deployment: expected only the fields appName, environment, buildId, got "version"',
    );
  });

  test("that nests a million arrays is a 413 or a 400, and others are still served", async () => {
    expect((await send("[".repeat(1_000_000))).status).toBe(413);
    expect((await send(`{"action":${"[".repeat(30_000)}`)).status).toBe(400);
    expect((await rig.post(rig.finish(rig.target()), TOKEN)).status).toBe(200);
  });
});

test.each(["GET", "PUT", "DELETE"])("%s is no way to record", async (method) => {
  const response = await fetch(`${rig.server.siteUrl}/deployments`, { method });
  expect(response.status).toBe(404);
});
