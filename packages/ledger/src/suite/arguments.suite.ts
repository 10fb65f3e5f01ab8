import { describe, expect, test } from "vitest";
import type { LedgerClient } from "./ledger-client.js";
import { failure, Rig } from "./rig.js";

/** What is said to a caller whose arguments make no sense. */
export function argumentsSuite(getClient: () => LedgerClient): void {
  const rig = () => new Rig(getClient());

  describe("arguments of a record", () => {
    test.each<[string, Record<string, unknown>, string]>([
      [
        "empty app",
        { appName: "" },
        'expected appName of 1 to 64 letters, digits, ".", "_" or "-", beginning with a letter or digit, got ""',
      ],
      ["app with a slash", { appName: "web/x" }, 'got "web/x"'],
      ["app of 65 characters", { appName: "w".repeat(65) }, "expected appName"],
      ["empty environment", { environment: "" }, "expected environment"],
      ["environment with a space", { environment: "prod uction" }, 'got "prod uction"'],
      ["empty version", { version: "" }, "expected version of 1 to 128 characters"],
      ["blank version", { version: "  " }, "expected version"],
      ["version with a line break", { version: "1.0\n2.0" }, 'got "1.0\\n2.0"'],
      ["version of 129 characters", { version: "9".repeat(129) }, "(129 characters)"],
      ["empty commit", { gitCommit: "" }, "expected gitCommit"],
      ["long commit", { gitCommit: "a".repeat(101) }, "expected gitCommit"],
      ["empty tag", { gitTag: "" }, "expected gitTag"],
      ["empty build id", { buildId: "" }, "expected buildId"],
      ["build id with white space", { buildId: "a b" }, 'got "a b"'],
      [
        "build id that nothing replaced",
        { buildId: "__TIDELINE_BUILD_ID__" },
        "that names a build",
      ],
      ["long build id", { buildId: "b".repeat(129) }, "expected buildId"],
      [
        "no build id and version dev",
        { buildId: undefined, version: "dev" },
        "expected buildId, or a version",
      ],
      [
        "buildNumber NaN",
        { buildNumber: Number.NaN },
        "expected buildNumber as a whole number from 0 to 9007199254740991, got NaN",
      ],
      ["buildNumber -1", { buildNumber: -1 }, "got -1"],
      ["buildNumber 1.5", { buildNumber: 1.5 }, "got 1.5"],
      ["buildNumber Infinity", { buildNumber: Number.POSITIVE_INFINITY }, "got Infinity"],
      ["buildTime NaN", { buildTime: Number.NaN }, "expected buildTime in ms since epoch"],
      ["buildTime before 1970", { buildTime: -1 }, "expected buildTime"],
      ["buildTime beyond a Date", { buildTime: 8.64e15 + 2 }, "expected buildTime"],
      ["commitTime NaN", { commitTime: Number.NaN }, "expected commitTime"],
      ["asOfEpoch 0.5", { asOfEpoch: 0.5 }, "expected asOfEpoch"],
      ["asOfEpoch ahead of the target", { asOfEpoch: 1 }, "expected asOfEpoch of at most 0, got 1"],
      ["empty inputsId", { inputsId: "" }, "expected inputsId of 1 to 128 characters"],
      ["long inputsId", { inputsId: "i".repeat(129) }, "expected inputsId"],
      ["image by tag", { imageDigest: "web:latest" }, 'expected imageDigest as "sha256:"'],
      [
        "image digest in capitals",
        { imageDigest: `sha256:${"A".repeat(64)}` },
        "expected imageDigest",
      ],
      ["empty idempotencyKey", { idempotencyKey: "" }, "expected idempotencyKey"],
      [
        "notes of 4097 bytes",
        { notes: `${"é".repeat(2048)}x` },
        "expected notes of at most 4096 bytes",
      ],
      ["notes of 1 MB", { notes: "x".repeat(1_000_000) }, "(1000000 characters)"],
    ])("%s", async (_, extra, sentence) => {
      const r = rig();
      const args = Object.fromEntries(
        Object.entries({ ...r.args("a"), ...extra }).filter(([, value]) => value !== undefined),
      );
      const message = await failure(r.recordRaw(args), "INVALID_ARGUMENT");
      expect(message).toMatch(/^Cannot record deployment: expected /);
      expect(message).toContain(sentence);
      expect(message.length).toBeLessThan(300);
      expect(await r.story()).toEqual([]);
    });

    test("10 MB of notes are refused and others are still served", async () => {
      const r = rig();
      await expect(r.record("a", { notes: "x".repeat(10_000_000) })).rejects.toThrow();
      expect(await r.record("a")).toMatchObject({ ok: true, epoch: 1 });
    });

    test("the limits themselves are taken", async () => {
      const r = rig();
      const answer = await r.record("a", {
        version: "9".repeat(128),
        buildId: "b".repeat(128),
        notes: "é".repeat(2048),
        buildNumber: 0,
        buildTime: 0,
        gitCommit: "a".repeat(64),
      });
      expect(answer).toMatchObject({ ok: true });
    });

    test("an argument that does not exist is refused", async () => {
      const r = rig();
      await expect(r.recordRaw({ ...r.args("a"), buildDate: "today" })).rejects.toThrow();
    });
  });

  describe("arguments of the others", () => {
    test("announceDeployment", async () => {
      const call = rig().announce("a", { buildId: "dev" });
      expect(await failure(call, "INVALID_ARGUMENT")).toMatch(/^Cannot announce deployment: /);
    });

    test("holdTarget", async () => {
      expect(await failure(rig().hold(" "), "INVALID_ARGUMENT")).toContain("expected reason");
    });

    test.each([0, -1, Number.NaN])("listDeployments with %d items", async (numItems) => {
      const call = rig().history({ paginationOpts: { numItems, cursor: null } });
      expect(await failure(call, "INVALID_ARGUMENT")).toContain("numItems of at least 1");
    });

    test("watchLatestDeployment of an app that nobody knows is null", async () => {
      expect(await rig().latest("a")).toBeNull();
    });
  });
}
