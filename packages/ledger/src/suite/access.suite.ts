import { describe, expect, test } from "vitest";
import type { LedgerClient } from "./ledger-client.js";
import { commitOf, failure, Rig, TOKEN } from "./rig.js";

const RECORD_TOKEN = "TIDELINE_RECORD_TOKEN";

/** Who may record and read. */
export function accessSuite(getClient: () => LedgerClient): void {
  const rig = () => new Rig(getClient());

  /** Runs with another value of a variable and puts the suite's own back. */
  async function withVariable(
    name: string,
    value: string | null,
    run: () => Promise<void>,
  ): Promise<void> {
    await getClient().setVariable(name, value);
    try {
      await run();
    } finally {
      await getClient().setVariable(name, name === RECORD_TOKEN ? TOKEN : null);
    }
  }

  describe("the record token", () => {
    test("nobody may record while no token is set, and the error says what to set", async () => {
      const r = rig();
      await withVariable(RECORD_TOKEN, null, async () => {
        const message = await failure(r.record("a"), "RECORDING_NOT_CONFIGURED");
        expect(message).toContain("TIDELINE_RECORD_TOKEN is not set");
      });
      expect(await r.latest()).toBeNull();
    });

    test.each([
      ["a wrong one", { token: "suite-record-token-0123456788" }],
      ["a prefix of it", { token: TOKEN.slice(0, -1) }],
      ["more than it", { token: `${TOKEN}0` }],
      ["an empty one", { token: "" }],
    ])("%s is refused and leaves nothing", async (_, extra) => {
      const r = rig();
      await failure(r.record("a", extra), "UNAUTHENTICATED");
      expect(await r.latest()).toBeNull();
      expect(await r.story()).toEqual([]);
    });

    test("none is refused by every function that writes", async () => {
      const r = rig();
      const { token, ...record } = r.args("a");
      const { buildNumber, buildTime, ...build } = record;
      const { buildId } = r.args("a");
      const calls: [string, Record<string, unknown>][] = [
        ["recordDeployment", { ...record }],
        ["announceDeployment", build],
        ["abortDeployment", { ...r.name, buildId }],
        ["holdTarget", { ...r.name, reason: "x" }],
        ["releaseTarget", r.name],
      ];
      for (const [name, args] of calls) {
        await failure(r.client.mutation(`deployments:${name}`, args), "UNAUTHENTICATED");
      }
    });

    test("a token of fifteen characters is not good enough to be set", async () => {
      const r = rig();
      const short = "x".repeat(15);
      await withVariable(RECORD_TOKEN, short, async () => {
        const message = await failure(r.record("a", { token: short }), "INVALID_SETTING");
        expect(message).toContain("at least 16");
        expect(message).not.toContain(short);
      });
    });

    test("old and new are good at the same time while one replaces the other", async () => {
      const r = rig();
      await withVariable(RECORD_TOKEN, "old-token-0123456789,\n new-token-0123456789", async () => {
        const answers = [
          await r.record("a", { token: "old-token-0123456789" }),
          await r.record("b", { token: "new-token-0123456789" }),
        ];
        expect(answers).toMatchObject([{ ok: true }, { ok: true }]);
        await failure(r.record("c", { token: TOKEN }), "UNAUTHENTICATED");
      });
    });

    test("a target's own token is good for that target alone", async () => {
      const r = rig();
      const token = "per-target-token-0123==";
      const setting = `${r.appName}/production=${token} other/production=${TOKEN}`;
      await withVariable(RECORD_TOKEN, setting, async () => {
        expect(await r.record("a", { token })).toMatchObject({ ok: true });
        await failure(r.record("b", { token, environment: "staging" }), "UNAUTHENTICATED");
        await failure(r.record("b", { token: TOKEN }), "UNAUTHENTICATED");
      });
      const { page } = await r.history();
      expect(page[0]?.recordedBy).toBe(`token:${r.appName}/production`);
    });

    test("a token in base64 is a token and no target's", async () => {
      const r = rig();
      const token = "c2VjcmV0/c2VjcmV0ICE==";
      await withVariable(RECORD_TOKEN, token, async () => {
        expect(await r.record("a", { token })).toMatchObject({ ok: true });
      });
      expect((await r.history()).page[0]?.recordedBy).toBe("token");
    });

    test("letters beyond ASCII count as the bytes they are", async () => {
      const r = rig();
      const token = "påssword-ünïcode-✓✓";
      await withVariable(RECORD_TOKEN, token, async () => {
        expect(await r.record("a", { token })).toMatchObject({ ok: true });
        await failure(r.record("b", { token: token.replace("å", "a") }), "UNAUTHENTICATED");
      });
    });

    test("it is stored nowhere", async () => {
      const r = rig();
      await r.record("a");
      expect(JSON.stringify([await r.history(), await r.latest(), await r.target()])).not.toContain(
        TOKEN,
      );
    });
  });

  describe("reading", () => {
    test("the history is private where TIDELINE_PRIVATE_HISTORY is set, what is live is not", async () => {
      const r = rig();
      await r.record("a");
      await withVariable("TIDELINE_PRIVATE_HISTORY", "1", async () => {
        const message = await failure(r.history(), "PRIVATE_HISTORY");
        expect(message).toContain(r.appName);
        await failure(r.history({ token: "wrong" }), "PRIVATE_HISTORY");
        expect((await r.history({ token: TOKEN })).page).toHaveLength(1);
        expect(await r.target()).toBeUndefined();
        const rows = await r.client.query("deployments:listTargets", { token: TOKEN });
        expect(JSON.stringify(rows)).toContain(r.appName);
        expect(await r.latest()).toMatchObject({ buildId: "build-a" });
      });
    });

    test("no commit is public where TIDELINE_PRIVATE_COMMITS is set", async () => {
      const r = rig();
      await r.record("a", { inputsId: "inputs-a" });
      const commit = commitOf("a");
      const shown = async (token?: string) => [
        await r.history(token === undefined ? {} : { token }),
        await r.client.query("deployments:listTargets", token === undefined ? {} : { token }),
        await r.inputs("a", token === undefined ? {} : { token }),
      ];
      await withVariable("TIDELINE_PRIVATE_COMMITS", "1", async () => {
        for (const answer of await shown()) expect(JSON.stringify(answer)).not.toContain(commit);
        for (const answer of await shown("wrong")) {
          expect(JSON.stringify(answer)).not.toContain(commit);
        }
        for (const answer of await shown(TOKEN)) expect(JSON.stringify(answer)).toContain(commit);
        expect(await r.latest("a")).toMatchObject({ gitCommit: "unknown", buildId: "build-a" });
        expect(await r.inputs("a")).toMatchObject({
          live: { gitCommit: null, buildId: "build-a" },
          known: { gitCommit: null, buildId: "build-a" },
        });
        // What may be recorded still goes by the commit.
        await r.record("b");
        expect(await r.record("a")).toMatchObject({ code: "ROLLBACK_NOT_ALLOWED" });
      });
      expect((await r.latest())?.gitCommit).toBe(commitOf("b"));
    });
  });
}
