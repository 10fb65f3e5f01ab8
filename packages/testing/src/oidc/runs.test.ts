/** What a trusted run may do through `POST /deployments`, and what it may not. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { commitOf, TOKEN } from "../../../ledger/src/suite/rig.js";
import { RUN_SHA } from "./issuer.js";
import { CONVEX_WITH_CLOCK, OidcRig } from "./rig.js";

let rig: OidcRig;
beforeAll(async () => {
  rig = await OidcRig.start(CONVEX_WITH_CLOCK);
});
afterAll(() => rig.close());

const OTHER_SHA = "b".repeat(40);
const usedTokens = async () => (await rig.client.query("clock:usedTokens", {})) as string[];

/** What one more token would be called if it was the next. */
function named(jti: string) {
  return { claims: { jti } };
}

describe("begin, finish, abort", () => {
  test("an announced build is pending until its record, one that is aborted is unknown", async () => {
    const target = rig.target();
    await target.record("z");
    const begun = await rig.post(rig.begin(target));
    expect([begun.status, begun.body]).toEqual([
      200,
      { ok: true, state: "pending", buildId: "build-a", epoch: 1, expiresAt: expect.any(Number) },
    ]);
    expect(await target.clientBuild("a")).toEqual({ state: "pending" });

    expect((await rig.post(rig.abort(target))).body).toEqual({ ok: true });
    expect(await target.clientBuild("a")).toEqual({ state: "unknown" });

    await rig.post(rig.begin(target));
    const finished = await rig.post(rig.finish(target, { asOfEpoch: 1 }));
    expect(finished.body).toMatchObject({ ok: true, kind: "deploy", epoch: 2 });
    expect(await target.clientBuild("a")).toEqual({ state: "known", firstEpoch: 2, lastEpoch: 2 });
  });

  test("what a run says of inputs and image is kept", async () => {
    const target = rig.target();
    const built = { inputsId: "inputs-a", imageDigest: `sha256:${"a".repeat(64)}` };
    await rig.post(rig.finish(target, built));
    expect((await target.inputs("a")).live).toMatchObject(built);
  });

  test("an abort of what is not pending is a refusal", async () => {
    const answer = await rig.post(rig.abort(rig.target()));
    expect([answer.status, answer.body]).toEqual([
      409,
      { ok: false, code: "NOTHING_PENDING", message: expect.stringContaining('"build-a"') },
    ]);
  });
});

describe("a refusal by the ledger", () => {
  test("is a 409, leaves its row and uses the token up", async () => {
    const target = rig.target();
    await target.record("z");
    await target.hold("incident");
    const answer = await rig.post(rig.finish(target), named("refused-1"));
    expect([answer.status, answer.body]).toEqual([
      409,
      { ok: false, code: "TARGET_HELD", message: expect.stringContaining("incident") },
    ]);
    expect((await target.history()).page[0]).toMatchObject({
      status: "refused",
      refusal: "TARGET_HELD",
      recordedBy: "github:acme/shop",
      runUrl: expect.stringContaining("/acme/shop/actions/runs/31337/attempts/1"),
    });
    expect(await usedTokens()).toContain("refused-1");
    await target.release();
    const again = await rig.post(rig.finish(target), named("refused-1"));
    expect([again.status, again.body.code]).toEqual([401, "UNAUTHENTICATED"]);
  });

  test("of an old run that is started again names the way back", async () => {
    const target = rig.target();
    await rig.post(rig.finish(target));
    await target.record("z");
    const answer = await rig.post(rig.finish(target), { claims: { run_attempt: "2" } });
    expect([answer.status, answer.body.code]).toEqual([409, "ROLLBACK_NOT_ALLOWED"]);
    expect(await target.story()).toEqual([
      "a rollback refused @2",
      "z deploy live @2",
      "a deploy replaced @1",
    ]);
  });
});

describe("a token whose call ended in an error", () => {
  test.each([
    ["NOT_TRUSTED", { gitCommit: OTHER_SHA }],
    ["INVALID_ARGUMENT", { version: " " }],
  ])("%s was not used up", async (code, wrong) => {
    const target = rig.target();
    const token = rig.issuer.token(named(`after-${code}`));
    expect((await rig.post(rig.finish(target, wrong), token)).body.code).toBe(code);
    expect(await usedTokens()).not.toContain(`after-${code}`);
    expect((await rig.post(rig.finish(target), token)).status).toBe(200);
    expect((await rig.post(rig.finish(target), token)).status).toBe(401);
  });
});

test("used tokens are forgotten once they have expired, not before", async () => {
  await rig.post(rig.finish(rig.target()), named("forgotten"));
  await rig.age(300_000);
  await rig.post(rig.finish(rig.target()), named("later"));
  expect(await usedTokens()).toEqual(expect.arrayContaining(["forgotten", "later"]));
  await rig.age(180_000);
  await rig.post(rig.finish(rig.target()), named("last"));
  const left = await usedTokens();
  expect(left).toContain("last");
  expect(left).not.toContain("forgotten");
});

describe("the idempotency of a run", () => {
  test("the same attempt records once, whatever key its body names", async () => {
    const target = rig.target();
    const first = await rig.post(rig.finish(target, { idempotencyKey: "one" }));
    const second = await rig.post(rig.finish(target, { idempotencyKey: "two" }));
    expect(second.body).toEqual({ ...first.body, alreadyRecorded: true });
    expect(await target.story()).toEqual(["a deploy live @1"]);
  });

  test("the same attempt cannot record its build as something else", async () => {
    const target = rig.target();
    await rig.post(rig.finish(target));
    const answer = await rig.post(rig.finish(target, { version: "9.9.9" }));
    expect([answer.status, answer.body.code]).toEqual([400, "IDEMPOTENCY_KEY_REUSED"]);
    // No caller can name another key here.
    expect(answer.body.message).toBe(
      'Cannot record deployment: expected what this attempt of the run has recorded of build "build-a" before, version "1.0.0-a", got version "9.9.9"; a new attempt may record it anew',
    );
  });

  test("the same attempt records its build anew once it has seen that another one was live", async () => {
    const target = rig.target();
    await rig.post(rig.finish(target, { asOfEpoch: 0 }));
    await target.record("b", { gitCommit: RUN_SHA });
    const answer = await rig.post(rig.finish(target, { asOfEpoch: 2 }));
    expect(answer.body).toMatchObject({ ok: true, epoch: 3, alreadyRecorded: false });
    expect(await target.latest()).toMatchObject({ buildId: "build-a" });
  });

  test("a hold is told to the same attempt too", async () => {
    const target = rig.target();
    await rig.post(rig.finish(target, { asOfEpoch: 0 }));
    await target.record("b", { gitCommit: RUN_SHA });
    await target.hold("incident");
    const answer = await rig.post(rig.finish(target, { asOfEpoch: 2, version: "1.0.0" }));
    expect([answer.status, answer.body.code]).toEqual([409, "TARGET_HELD"]);
  });

  test("one attempt may record two builds", async () => {
    const target = rig.target();
    await rig.post(rig.finish(target));
    const answer = await rig.post(rig.finish(target, { buildId: "build-b" }));
    expect(answer.body).toMatchObject({ ok: true, epoch: 2, alreadyRecorded: false });
  });

  test.each([
    ["attempt", { run_attempt: "2" }],
    ["run", { run_id: "31338" }],
  ])("another %s is another record", async (_, claims) => {
    const target = rig.target();
    await rig.post(rig.finish(target));
    const answer = await rig.post(rig.finish(target), { claims });
    expect(answer.body).toMatchObject({ ok: true, kind: "redeploy", alreadyRecorded: false });
  });
});

describe("the commit", () => {
  test("may come in capitals, and is the same one", async () => {
    const target = rig.target();
    const first = await rig.post(rig.finish(target));
    const gitCommit = RUN_SHA.toUpperCase();
    const again = await rig.post(rig.finish(target, { gitCommit }));
    expect(again.body).toEqual({ ...first.body, alreadyRecorded: true });
    const other = rig.target();
    expect((await rig.post(rig.begin(other, { gitCommit }))).status).toBe(200);
    expect((await rig.post(rig.finish(other, { gitCommit }))).status).toBe(200);
    expect(await other.latest()).toMatchObject({ gitCommit: RUN_SHA });
  });

  test.each([
    ["another", OTHER_SHA],
    ["a short", RUN_SHA.slice(0, 12)],
    ["a dirty", `${RUN_SHA}-dirty`],
  ])("%s one than the run's is not trusted, announced or recorded", async (_, gitCommit) => {
    const target = rig.target();
    for (const body of [rig.begin(target, { gitCommit }), rig.finish(target, { gitCommit })]) {
      const answer = await rig.post(body);
      expect([answer.status, answer.body.code]).toEqual([403, "NOT_TRUSTED"]);
    }
    expect(await target.story()).toEqual([]);
  });

  test("a rollback may name one that was live on the target", async () => {
    const target = rig.target();
    await target.record("x");
    await rig.post(rig.finish(target));
    const { token, ...older } = target.args("x", { allowRollback: true });
    const { buildNumber, buildTime, ...announced } = older;
    expect((await rig.post({ action: "begin", ...announced })).status).toBe(200);
    const answer = await rig.post({ action: "finish", ...older });
    expect(answer.body).toMatchObject({ ok: true, kind: "rollback", epoch: 3 });
    expect((await target.history()).page[0]).toMatchObject({ recordedBy: "github:acme/shop" });
  });

  test("a rollback may not name one that was live elsewhere, or never", async () => {
    const target = rig.target();
    await target.record("x", { environment: "staging" });
    await target.record("y");
    const { token, ...older } = target.args("x", { allowRollback: true });
    const answer = await rig.post({ action: "finish", ...older });
    expect([answer.status, answer.body.code]).toEqual([403, "NOT_TRUSTED"]);
    expect(answer.body.message).toContain(
      `expected gitCommit "${RUN_SHA}", which it runs on or one that was live on ${target.appName}/production, got "${commitOf("x")}"`,
    );
  });

  test("one that was live is not recorded without allowRollback", async () => {
    const target = rig.target();
    await target.record("x");
    await target.record("y");
    const { token, ...older } = target.args("x");
    expect((await rig.post({ action: "finish", ...older })).body.code).toBe("NOT_TRUSTED");
  });
});

describe("the tag", () => {
  const atTag = { claims: { ref: "refs/tags/v1.2.3", event_name: "workflow_dispatch" } };

  test("a run at a tag records that tag", async () => {
    const target = rig.target();
    const answer = await rig.post(rig.finish(target, { gitTag: "v1.2.3" }), atTag);
    expect(answer.status).toBe(200);
    expect(await target.latest()).toMatchObject({ gitTag: "v1.2.3" });
  });

  test.each([
    ["another", "v1.2.4", '"v1.2.4"'],
    ["null", null, "none"],
    ["no", undefined, "none"],
  ])("a run at a tag with %s tag is not trusted", async (_, gitTag, shown) => {
    const target = rig.target();
    const answer = await rig.post(rig.finish(target, { gitTag }), atTag);
    expect([answer.status, answer.body.code]).toEqual([403, "NOT_TRUSTED"]);
    expect(answer.body.message).toContain(
      `expected gitTag "v1.2.3", which it runs at, got ${shown}`,
    );
    expect(await target.story()).toEqual([]);
  });

  test("where commits are private a run at a tag need not name it, and names no other", async () => {
    await rig.withVariables({ TIDELINE_PRIVATE_COMMITS: "1" }, async () => {
      const target = rig.target();
      const other = await rig.post(rig.finish(target, { gitTag: "v1.2.4" }), atTag);
      expect([other.status, other.body.code]).toEqual([403, "NOT_TRUSTED"]);
      expect((await rig.post(rig.finish(target, { gitTag: null }), atTag)).status).toBe(200);
      expect(await target.latest()).toMatchObject({ gitTag: null, gitCommit: "unknown" });
    });
  });

  test("a run at a tag announces without naming it", async () => {
    expect((await rig.post(rig.begin(rig.target()), atTag)).status).toBe(200);
  });

  test("a rollback at a newer tag names the older one", async () => {
    const target = rig.target();
    await target.record("x", { gitTag: "v1.0.0" });
    await rig.post(rig.finish(target, { gitTag: "v1.2.3" }), atTag);
    const { token, ...older } = target.args("x", { gitTag: "v1.0.0", allowRollback: true });
    expect((await rig.post({ action: "finish", ...older }, atTag)).body).toMatchObject({
      kind: "rollback",
    });
  });
});

describe("TIDELINE_GITHUB_TRUST", () => {
  const shop = { repository_id: 1001, repository_owner_id: "2002" };
  const trust = (entries: unknown) => ({ TIDELINE_GITHUB_TRUST: JSON.stringify(entries) });

  test("any entry that fits is enough, and an entry is good for its targets alone", async () => {
    const [web, api] = [rig.target(), rig.target()];
    const entries = [
      { ...shop, ref: "refs/heads/main", targets: ["*/staging", `${api.appName}/production`] },
      { ...shop, ref: "refs/tags/v*", environment: "production", targets: `${web.appName}/*` },
      { repository_id: 9, repository_owner_id: 9, ref: "refs/heads/main" },
    ];
    const released = {
      claims: { ref: "refs/tags/v1", event_name: "release", environment: "production" },
    };
    await rig.withVariables(trust(entries), async () => {
      expect((await rig.post(rig.finish(web, { environment: "staging" }))).status).toBe(200);
      expect((await rig.post(rig.finish(api))).status).toBe(200);
      expect((await rig.post(rig.finish(web, { gitTag: "v1" }), released)).status).toBe(200);
      const refused = await rig.post(rig.finish(web));
      expect([refused.status, refused.body.code]).toEqual([403, "NOT_TRUSTED"]);
      expect(refused.body.message).toContain(
        `expected target "*/staging", "${api.appName}/production", got "${web.appName}/production"; or expected ref "refs/tags/v*", got "refs/heads/main"`,
      );
      expect((await rig.post(rig.abort(web))).status).toBe(403);
      const other = { claims: { ...released.claims, environment: "Staging" } };
      expect((await rig.post(rig.finish(web, { gitTag: "v1" }), other)).status).toBe(403);
    });
  });

  test("a reusable workflow alone may be trusted", async () => {
    const job_workflow_ref = "acme/ci/.github/workflows/record.yml@refs/tags/v*";
    await rig.withVariables(
      trust([{ ...shop, ref: "refs/heads/main", job_workflow_ref }]),
      async () => {
        const target = rig.target();
        const refused = await rig.post(rig.finish(target));
        expect(refused.body.message).toContain(`expected job_workflow_ref "${job_workflow_ref}"`);
        const claims = { job_workflow_ref: job_workflow_ref.replace("*", "1.0") };
        expect((await rig.post(rig.finish(target), { claims })).status).toBe(200);
      },
    );
  });

  test("while it is not set, no run is trusted and no key is fetched", async () => {
    const { fetches } = rig.issuer;
    await rig.withVariables({ TIDELINE_GITHUB_TRUST: " " }, async () => {
      const answer = await rig.post(rig.finish(rig.target()), { header: { kid: "new" } });
      expect([answer.status, answer.body.code]).toEqual([403, "RECORDING_NOT_CONFIGURED"]);
      expect(answer.body.message).toContain("TIDELINE_GITHUB_TRUST is not set");
    });
    expect(rig.issuer.fetches).toBe(fetches);
  });

  test("one that cannot be read is the deployment's fault, and the record token is still good", async () => {
    await rig.withVariables({ TIDELINE_GITHUB_TRUST: "acme/shop" }, async () => {
      const answer = await rig.post(rig.finish(rig.target()));
      expect([answer.status, answer.body]).toEqual([
        500,
        {
          code: "INVALID_SETTING",
          message:
            'Cannot read TIDELINE_GITHUB_TRUST: expected a JSON array of entries, got "acme/shop"',
        },
      ]);
      expect((await rig.post(rig.finish(rig.target()), TOKEN)).status).toBe(200);
    });
  });
});

describe("TIDELINE_OIDC_AUDIENCE and TIDELINE_GITHUB_ISSUER", () => {
  test("another audience takes the place of the site URL", async () => {
    await rig.withVariables({ TIDELINE_OIDC_AUDIENCE: "tideline" }, async () => {
      expect((await rig.post(rig.finish(rig.target()))).status).toBe(401);
      const claims = { aud: "tideline" };
      expect((await rig.post(rig.finish(rig.target()), { claims })).status).toBe(200);
    });
  });

  test.each([
    "http://ghes.example/_services/token",
    "ghes.example",
    "https://me:pw@ghes.example",
    "https://ghes.example/?a",
  ])("an issuer at %s is refused", async (issuer) => {
    await rig.withVariables({ TIDELINE_GITHUB_ISSUER: issuer }, async () => {
      const answer = await rig.post(rig.finish(rig.target()));
      expect([answer.status, answer.body.code]).toEqual([500, "INVALID_SETTING"]);
      expect(answer.body.message).toContain("TIDELINE_GITHUB_ISSUER: expected an https URL");
    });
  });

  test("a slash at the issuer's end makes no difference", async () => {
    await rig.withVariables({ TIDELINE_GITHUB_ISSUER: `${rig.issuer.url}/` }, async () => {
      expect((await rig.post(rig.finish(rig.target()))).status).toBe(200);
    });
  });
});

test("where commits are private the page of a run is too", async () => {
  const target = rig.target();
  await rig.post(rig.finish(target));
  await rig.withVariables({ TIDELINE_PRIVATE_COMMITS: "1" }, async () => {
    expect((await target.history()).page[0]).not.toHaveProperty("runUrl");
    expect((await target.history({ token: TOKEN })).page[0]).toHaveProperty("runUrl");
  });
});
