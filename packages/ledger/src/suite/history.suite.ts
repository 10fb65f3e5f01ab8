import { describe, expect, test } from "vitest";
import type { LedgerClient } from "./ledger-client.js";
import { commitOf, failure, Rig } from "./rig.js";

const LIMIT = "TIDELINE_HISTORY_LIMIT";

/** How the history is listed and how much of it is kept. */
export function historySuite(getClient: () => LedgerClient): void {
  const rig = () => new Rig(getClient());

  async function withLimit(limit: string, run: () => Promise<void>): Promise<void> {
    await getClient().setVariable(LIMIT, limit);
    try {
      await run();
    } finally {
      await getClient().setVariable(LIMIT, null);
    }
  }

  describe("listing", () => {
    test("pages go from the newest to the oldest and end", async () => {
      const r = rig();
      for (const letter of "abcde") await r.record(letter);
      const seen: string[] = [];
      let cursor: string | null = null;
      for (let pages = 0; pages < 5; pages++) {
        const page = await r.history({ paginationOpts: { numItems: 2, cursor } });
        seen.push(...page.page.map((row) => row.buildId));
        cursor = page.continueCursor;
        if (page.isDone) break;
      }
      expect(seen).toEqual(["build-e", "build-d", "build-c", "build-b", "build-a"]);
    });

    test("a row is the whole record without its idempotency key", async () => {
      const r = rig();
      await r.record("a", {
        gitTag: "v1",
        notes: "first",
        commitTime: 5,
        severity: "critical",
        inputsId: "inputs-a",
        imageDigest: `sha256:${"a".repeat(64)}`,
        idempotencyKey: "run-1",
      });
      const { page } = await r.history();
      expect(page).toEqual([
        {
          ...r.name,
          _id: expect.any(String),
          _creationTime: expect.any(Number),
          version: "1.0.0-a",
          gitCommit: commitOf("a"),
          buildNumber: 7,
          buildTime: 1_700_000_000_000,
          deployedAt: expect.any(Number),
          gitTag: "v1",
          buildId: "build-a",
          epoch: 1,
          sequence: 1,
          kind: "deploy",
          status: "live",
          severity: "critical",
          notes: "first",
          commitTime: 5,
          inputsId: "inputs-a",
          imageDigest: `sha256:${"a".repeat(64)}`,
          recordedBy: "token",
        },
      ]);
    });

    test("targets are ordered by app name and environment, each with its live row", async () => {
      const r = rig();
      await r.record("a", { environment: "staging" });
      await r.record("b", { severity: "critical" });
      const rows = (await r.client.query("deployments:listTargets", {})) as {
        appName: string;
        environment: string;
      }[];
      expect(rows.filter((row) => row.appName === r.appName)).toMatchObject([
        { environment: "production", buildId: "build-b", criticalEpoch: 1, hold: null },
        { environment: "staging", buildId: "build-a", epoch: 1, live: { status: "live" } },
      ]);
      const names = rows.map((row) => row.appName);
      expect(names).toEqual(names.toSorted((x, y) => (x < y ? -1 : x > y ? 1 : 0)));
    });
  });

  describe("pruning", () => {
    test("the newest so many records stay", async () => {
      const r = rig();
      await withLimit("3", async () => {
        for (const letter of "abcde") await r.record(letter);
      });
      expect(await r.story()).toEqual([
        "e deploy live @5",
        "d deploy replaced @4",
        "c deploy replaced @3",
      ]);
    });

    test("a backlog above twice the limit goes at once", async () => {
      const r = rig();
      for (const letter of "abcdefghijkl") await r.record(letter);
      await withLimit("2", async () => {
        await r.record("m");
      });
      expect(await r.story()).toEqual(["m deploy live @13", "l deploy replaced @12"]);
    });

    test("the live row stays however old it is", async () => {
      const r = rig();
      await withLimit("2", async () => {
        await r.record("a");
        await r.record("b");
        for (let i = 0; i < 4; i++) await r.record("a");
      });
      expect(await r.story()).toEqual([
        "a rollback refused @2",
        "a rollback refused @2",
        "b deploy live @2",
      ]);
      expect(await r.latest()).toMatchObject({ buildId: "build-b" });
    });

    test("it forgets neither builds nor commits that were live", async () => {
      const r = rig();
      await withLimit("1", async () => {
        for (const letter of "abc") await r.record(letter);
        expect(await r.clientBuild("a")).toEqual({ state: "known", firstEpoch: 1, lastEpoch: 1 });
        expect(await r.record("a")).toMatchObject({ ok: false, code: "ROLLBACK_NOT_ALLOWED" });
      });
    });

    test("another target keeps its rows", async () => {
      const r = rig();
      await r.record("a", { environment: "staging" });
      await r.record("b", { environment: "staging" });
      await withLimit("1", async () => {
        await r.record("a");
        await r.record("b");
      });
      const { page } = (await r.client.query("deployments:listDeployments", {
        appName: r.appName,
        environment: "staging",
      })) as { page: unknown[] };
      expect(page).toHaveLength(2);
      expect(await r.story()).toHaveLength(1);
    });

    test.each(["0", "-1", "ten", "1.5"])(
      "a limit of %j is an error that names it",
      async (limit) => {
        const r = rig();
        await withLimit(limit, async () => {
          const message = await failure(r.record("a"), "INVALID_SETTING");
          expect(message).toContain(
            `TIDELINE_HISTORY_LIMIT: expected a whole number of at least 1, got "${limit}"`,
          );
        });
        expect(await r.latest()).toBeNull();
      },
    );
  });
}
