import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import { FLEET_FUNCTIONS, type UpstreamHint } from "@tideline/version/fleet";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FLEET_READ_TOKEN, FLEET_TOKEN, FLEET_VIEW_TOKEN } from "./fleet-rig.js";
import type { LedgerClient } from "./ledger-client.js";

const SECRETS = "TIDELINE_WEBHOOK_SECRETS";
const SECRET = "a-webhook-secret-0123456789";
const NEXT_SECRET = "the-next-secret-0123456789";
const OTHER_SECRET = "of-another-subsystem-012345";
const MAX_BYTES = 2 * 1024 * 1024;

// GitHub's own examples of what it sends.
const EXAMPLES = createRequire(import.meta.url)("@octokit/webhooks-examples") as {
  name: string;
  examples: object[];
}[];

const RUN = Date.now().toString(36);
let subsystems = 0;

/** Webhooks as GitHub sends them, over HTTP, signed by openssl. */
export function webhooksSuite(getClient: () => LedgerClient): void {
  const first = Array.from({ length: 40 }, () => `hook-${RUN}-${++subsystems}`);
  const fresh = () => first.pop() as string;
  const other = `other-${RUN}`;

  const entries = first.flatMap((name) => [`${name}=${SECRET}`, `${name}=${NEXT_SECRET}`]);
  const setting = [...entries, `${other}=${OTHER_SECRET}`].join(",");
  beforeAll(() => getClient().setVariable(SECRETS, setting));
  afterAll(() => getClient().setVariable(SECRETS, null));

  /** `sha256=…` by openssl, over the very bytes. */
  function sign(body: Buffer, secret = SECRET, hash = "sha256"): string {
    const args = ["dgst", `-${hash}`, "-hmac", secret, "-r"];
    const [hex] = execFileSync("openssl", args, { input: body }).toString().split(" ");
    return `${hash}=${hex}`;
  }

  async function post(
    subsystem: string,
    body: Buffer,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    const request = getClient().fetch;
    if (request === undefined) throw new Error("Cannot post: the client reaches no HTTP routes");
    return await request(`/webhook/${subsystem}`, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        "X-GitHub-Event": "push",
        "X-GitHub-Delivery": randomUUID(),
        // Not signed where it is given: openssl is a program of its own for each.
        "X-Hub-Signature-256": headers["X-Hub-Signature-256"] ?? sign(body),
        ...headers,
      },
      body: new Uint8Array(body),
    });
  }

  async function sequenceOf(subsystem: string): Promise<number> {
    const args = { channel: "stable", token: FLEET_READ_TOKEN };
    const hints = (await getClient().query(FLEET_FUNCTIONS.watchHints, args)) as UpstreamHint[];
    return hints.find((hint) => hint.subsystem === subsystem)?.sequence ?? 0;
  }

  const json = (value: unknown) => Buffer.from(JSON.stringify(value));
  const PUSH = json(EXAMPLES.find(({ name }) => name === "push")?.examples[0]);

  describe("the webhook", () => {
    test("asked for with GET, it says that it takes POST", async () => {
      for (const subsystem of [fresh(), "nobody-knows"]) {
        const response = await getClient().fetch?.(`/webhook/${subsystem}`, { method: "GET" });
        expect([response?.status, response?.headers.get("allow")]).toEqual([405, "POST"]);
        expect(await response?.json()).toMatchObject({ code: "WRONG_METHOD" });
      }
    });

    test.each(
      ["push", "create", "release", "ping", "workflow_run"].map((name) => ({
        name,
        bodies: (EXAMPLES.find((entry) => entry.name === name)?.examples ?? []).map(json),
      })),
    )("GitHub's examples of $name", async ({ name, bodies }) => {
      expect(bodies.length).toBeGreaterThan(0);
      const subsystem = fresh();
      let news = 0;
      for (const body of bodies) {
        const response = await post(subsystem, body, { "X-GitHub-Event": name });
        const answer = (await response.json()) as { accepted: boolean };
        expect([response.status, answer]).toMatchObject([202, { ok: true, duplicate: false }]);
        if (answer.accepted) news += 1;
      }
      expect(await sequenceOf(subsystem)).toBe(news);
      if (name === "push" || name === "create") expect(news).toBe(bodies.length);
      if (name === "ping" || name === "workflow_run") expect(news).toBe(0);
    });

    test("a release counts when it is published, and not while it is a draft", async () => {
      const subsystem = fresh();
      const send = (action: string) =>
        post(subsystem, json({ action }), {
          ...{ "X-GitHub-Event": "release", "X-Hub-Signature-256": sign(json({ action })) },
        });
      for (const action of ["created", "deleted", "unpublished"]) await send(action);
      expect(await sequenceOf(subsystem)).toBe(0);
      await send("published");
      expect(await sequenceOf(subsystem)).toBe(1);
    });

    test.each<[string, (body: Buffer) => Record<string, string>]>([
      ["a wrong signature", () => ({ "X-Hub-Signature-256": `sha256=${"0".repeat(64)}` })],
      ["none", () => ({ "X-Hub-Signature-256": "" })],
      [
        "SHA-1 alone",
        (body) => ({ "X-Hub-Signature-256": "", "X-Hub-Signature": sign(body, SECRET, "sha1") }),
      ],
      [
        "SHA-1 in the place of SHA-256",
        (body) => ({ "X-Hub-Signature-256": sign(body, SECRET, "sha1") }),
      ],
      ["another secret", (body) => ({ "X-Hub-Signature-256": sign(body, "another-secret-01234") })],
      ["another subsystem's", (body) => ({ "X-Hub-Signature-256": sign(body, OTHER_SECRET) })],
      ["that of another body", () => ({ "X-Hub-Signature-256": sign(Buffer.from("{}")) })],
    ])("row 6: %s is answered 401 and leaves no row", async (_, headers) => {
      const subsystem = fresh();
      const guid = randomUUID();
      const response = await post(subsystem, PUSH, {
        ...{ "X-GitHub-Delivery": guid },
        ...headers(PUSH),
      });
      expect(response.status).toBe(401);
      const answer = await response.text();
      expect(answer).toContain("SIGNATURE_INVALID");
      expect(answer).not.toContain(SECRET);
      expect(await sequenceOf(subsystem)).toBe(0);
      // No row: the same GUID is new when it comes with a good signature.
      const again = await post(subsystem, PUSH, { "X-GitHub-Delivery": guid });
      expect([again.status, await again.json()]).toMatchObject([202, { duplicate: false }]);
    });

    test.each<[string, Buffer]>([
      ["escapes", Buffer.from('{"ref":"refs\\/tags\\/v1.0.0","name":"\\u00e9\\ud83d\\ude00"}')],
      ["1.0 where 1 would do", Buffer.from('{"id":1.0,"big":12345678901234567890}')],
      ["duplicate keys", Buffer.from('{"ref":"a","ref":"b"}')],
      ["keys like numbers, and spaces", Buffer.from('{ "10" : 1 , "9" : 2 }\r\n')],
      ["bytes that are no UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
      ["a byte order mark", Buffer.from("\ufeff{}")],
      ["no JSON at all", Buffer.from("payload=%7B%7D")],
      ["nothing", Buffer.alloc(0)],
    ])("row 6: raw bytes with %s are taken as they are", async (_, body) => {
      const subsystem = fresh();
      const response = await post(subsystem, body);
      expect([response.status, await response.json()]).toMatchObject([202, { accepted: true }]);
      expect(await sequenceOf(subsystem)).toBe(1);
      const changed = Buffer.concat([body, Buffer.from(" ")]);
      const refused = await post(subsystem, changed, { "X-Hub-Signature-256": sign(body) });
      expect(refused.status).toBe(401);
    });

    test.each([
      [-1, 202],
      [0, 202],
      [1, 413],
    ])("row 6: a body of the cap %i bytes is answered %i", async (more, status) => {
      const subsystem = fresh();
      const body = Buffer.alloc(MAX_BYTES + more, 0x20);
      const response = await post(subsystem, body);
      expect(response.status).toBe(status);
      expect(await sequenceOf(subsystem)).toBe(status === 202 ? 1 : 0);
    });

    test("the next secret is good while it replaces the one before", async () => {
      const subsystem = fresh();
      const response = await post(subsystem, PUSH, {
        ...{ "X-Hub-Signature-256": sign(PUSH, NEXT_SECRET) },
      });
      expect(response.status).toBe(202);
    });

    test("row 7: the same GUID 100 times in parallel is one job, and every answer is good", async () => {
      const subsystem = fresh();
      const guid = { "X-GitHub-Delivery": randomUUID(), "X-Hub-Signature-256": sign(PUSH) };
      const responses = await Promise.all(
        Array.from({ length: 100 }, () => post(subsystem, PUSH, guid)),
      );
      const statuses = responses.map(({ status }) => status).toSorted();
      expect(statuses).toEqual([...Array.from({ length: 99 }, () => 200), 202]);
      expect(await sequenceOf(subsystem)).toBe(1);
    });

    test("row 7: what failed before it was taken is done when it is delivered again", async () => {
      const subsystem = fresh();
      const guid = { "X-GitHub-Delivery": randomUUID() };
      const body = Buffer.from("{}");
      const headers = { ...guid, "X-Hub-Signature-256": sign(body, "not-yet-in-the-settings") };
      expect((await post(subsystem, body, headers)).status).toBe(401);
      const again = await post(subsystem, body, { ...guid, "X-Hub-Signature-256": sign(body) });
      expect([again.status, await again.json()]).toMatchObject([202, { duplicate: false }]);
      expect(await sequenceOf(subsystem)).toBe(1);
    });

    test("row 7: delivered again, what no developer machine has looked at makes them look again", async ({
      skip,
    }) => {
      if (!getClient().isTimeFake) skip("its time is the clock's own");
      const subsystem = fresh();
      const guid = { "X-GitHub-Delivery": randomUUID() };
      await post(subsystem, PUSH, guid);
      await getClient().advance(60_000);
      const again = await post(subsystem, PUSH, guid);
      expect([again.status, await again.json()]).toEqual([
        200,
        { ok: true, duplicate: true, accepted: true },
      ]);
      expect(await sequenceOf(subsystem)).toBe(2);

      await getClient().mutation(FLEET_FUNCTIONS.reportUpstream, {
        ...{ token: FLEET_TOKEN, subsystem, remote: "https://git.example/x", ref: "refs/tags/v1" },
        ...{ oid: "a".repeat(40), tag: "v1", isQuarantined: false },
      });
      await getClient().advance(60_000);
      const third = await post(subsystem, PUSH, guid);
      expect(await third.json()).toEqual({ ok: true, duplicate: true, accepted: false });
      expect(await sequenceOf(subsystem)).toBe(2);
    });

    test("the 31st delivery within a minute is answered 429, and says when to come back", async () => {
      const subsystem = fresh();
      const signature = { "X-Hub-Signature-256": sign(PUSH) };
      for (let n = 0; n < 30; n++) {
        expect((await post(subsystem, PUSH, signature)).status).toBe(202);
      }
      const response = await post(subsystem, PUSH, signature);
      expect(response.status).toBe(429);
      const seconds = Number(response.headers.get("Retry-After"));
      expect(seconds).toBeGreaterThan(0);
      expect(seconds).toBeLessThanOrEqual(60);
      expect(await sequenceOf(subsystem)).toBe(30);
    });

    test.each(["unknown", "", "..%2fx", "constructor", "A"])(
      "a subsystem %j without a secret is answered 404",
      async (name) => {
        expect((await post(name, PUSH)).status).toBe(404);
      },
    );

    test.each([
      ["nats=short", 500, "INVALID_SETTING"],
      ["a-secret-without-a-subsystem", 500, "INVALID_SETTING"],
      [null, 403, "FLEET_NOT_CONFIGURED"],
    ])(
      "with the secrets %j nothing is taken, and they are not quoted",
      async (wrong, status, code) => {
        const subsystem = fresh();
        await getClient().setVariable(SECRETS, wrong);
        try {
          const response = await post(subsystem, PUSH);
          const text = await response.text();
          expect([response.status, JSON.parse(text)]).toMatchObject([status, { code }]);
          if (wrong !== null) expect(text).not.toContain(wrong.split("=").at(-1));
        } finally {
          await getClient().setVariable(SECRETS, setting);
        }
      },
    );

    test.each(["X-GitHub-Delivery", "X-GitHub-Event"])(
      "without %s it is answered 400",
      async (name) => {
        expect((await post(fresh(), PUSH, { [name]: "" })).status).toBe(400);
      },
    );
  });

  describe("what developer machines say of an upstream", () => {
    const report = async (subsystem: string, change: object = {}) =>
      await getClient().mutation(FLEET_FUNCTIONS.reportUpstream, {
        ...{ token: FLEET_TOKEN, subsystem, remote: "https://git.example/x", ref: "refs/tags/v1" },
        ...{ oid: "a".repeat(40), tag: "v1", isQuarantined: false, ...change },
      });

    test("the same again is nothing new", async () => {
      const subsystem = `up-${RUN}-${++subsystems}`;
      const answer = { ok: true, isQuarantined: false };
      expect(await report(subsystem)).toEqual({ ...answer, isNew: true });
      expect(await report(subsystem)).toEqual({ ...answer, isNew: false });
    });

    test("row 2: a tag that names another commit is quarantined, whatever its reporter thinks", async () => {
      const subsystem = `up-${RUN}-${++subsystems}`;
      await report(subsystem);
      const moved = { oid: "b".repeat(40) };
      expect(await report(subsystem, moved)).toEqual({
        ok: true,
        isNew: true,
        isQuarantined: true,
      });
      const view = (await getClient().query(FLEET_FUNCTIONS.watchFleet, {
        token: FLEET_VIEW_TOKEN,
      })) as { upstreams: object[]; audit: object[] };
      expect(view.upstreams).toContainEqual(
        expect.objectContaining({ subsystem, ...moved, isQuarantined: true }),
      );
      expect(view.audit).toContainEqual(
        expect.objectContaining({ subsystem, action: "quarantine", version: "v1" }),
      );
      // Another machine, which has not seen what the tag named before, changes nothing.
      expect(await report(subsystem, moved)).toMatchObject({ isNew: false, isQuarantined: true });
      // A person lets go what they looked at, and not what it names by then.
      const other = { oid: "c".repeat(40), isReleased: true };
      expect(await report(subsystem, other)).toMatchObject({ isQuarantined: true });
      expect(await report(subsystem, other)).toMatchObject({ isQuarantined: false });
      expect(await report(subsystem, { oid: other.oid })).toMatchObject({ isQuarantined: false });
    });

    test("a branch may move", async () => {
      const subsystem = `up-${RUN}-${++subsystems}`;
      const branch = { ref: "refs/heads/main", tag: null };
      await report(subsystem, branch);
      expect(await report(subsystem, { ...branch, oid: "b".repeat(40) })).toEqual({
        ...{ ok: true, isNew: true, isQuarantined: false },
      });
    });
  });
}
