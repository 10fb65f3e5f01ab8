import { createHmac } from "node:crypto";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GIT_ENV, GitRig } from "@tideline/testing/git-rig";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createStamp } from "./create-stamp.js";
import { formatVersionFile } from "./version-file.js";

const SECRET = "correct horse battery staple";
const ENV = {
  ...GIT_ENV,
  PATH: process.env.PATH,
  HOME: tmpdir(),
  GIT_CEILING_DIRECTORIES: tmpdir(),
};
const NOW = Date.UTC(2026, 10, 20, 11, 30, 0);
// 23:30 in New York is the next day in UTC.
const COMMITTED_AT = "2026-11-18T23:30:00-05:00";

let rig: GitRig;
let commit: string;
beforeEach(async () => {
  rig = await GitRig.create();
  await rig.commit("one", { a: "1" });
  await rig.write({ a: "2" });
  await rig.git("add", "--all");
  vi.stubEnv("GIT_COMMITTER_DATE", COMMITTED_AT);
  await rig.git("commit", "--quiet", "--message", "two");
  vi.unstubAllEnvs();
  commit = await rig.git("rev-parse", "HEAD");
  await rig.git("tag", "v4.20.5");
});
afterEach(() => rig.dispose());

const stampWith = (env: Record<string, string>, cwd = rig.folder) =>
  createStamp({ cwd, env: { ...ENV, ...env }, appName: "web", now: () => NOW });
const HMAC = { TIDELINE_VERSION_FORM: "hmac", TIDELINE_VERSION_SECRET: SECRET };
const COUNT = { TIDELINE_VERSION_FORM: "date-count" };
const inGitHub = () => ({
  GITHUB_ACTIONS: "true",
  GITHUB_SHA: commit,
  GITHUB_REF_TYPE: "tag",
  GITHUB_REF_NAME: "v4.20.5",
  GITHUB_RUN_NUMBER: "77",
  TIDELINE_ENVIRONMENT: "production",
});

describe("hmac", () => {
  test("is the first 12 digits of HMAC-SHA-256 over the full commit", async () => {
    const expected = createHmac("sha256", SECRET).update(commit).digest("hex").slice(0, 12);
    const { stamp, warnings } = await stampWith(HMAC);
    expect({ version: stamp.version, warnings }).toEqual({ version: expected, warnings: [] });
    expect(
      (await stampWith({ ...HMAC, TIDELINE_VERSION_SECRET: `${SECRET}!` })).stamp.version,
    ).not.toBe(expected);
  });

  test.each(["", "short"])("is refused with the secret %j", async (secret) => {
    await expect(stampWith({ ...HMAC, TIDELINE_VERSION_SECRET: secret })).rejects.toThrow(
      `expected at least 16 characters in TIDELINE_VERSION_SECRET, got ${secret.length || "none"}`,
    );
  });

  test("says that the tree was changed", async () => {
    const clean = (await stampWith(HMAC)).stamp.version;
    await rig.write({ a: "3" });
    expect((await stampWith(HMAC)).stamp).toMatchObject({
      version: `${clean}-dirty`,
      gitDirty: true,
    });
  });
});

describe("hash", () => {
  test("is one, with a warning that it can be undone", async () => {
    const { stamp, warnings } = await stampWith({ TIDELINE_VERSION_FORM: "hash" });
    expect(stamp.version).toMatch(/^[0-9a-f]{12}$/);
    expect(commit).not.toContain(stamp.version);
    expect(warnings.join()).toContain("TIDELINE_VERSION_FORM=hmac");
  });
});

describe("date-count", () => {
  test("is the commit's day in UTC and the number of commits, whatever the time zone", async () => {
    for (const TZ of ["UTC", "America/New_York", "Pacific/Kiritimati"]) {
      expect((await stampWith({ ...COUNT, TZ })).stamp.version).toBe("2026.11.19-2");
    }
  });

  test("counts up to the commit that CI names", async () => {
    const first = await rig.git("rev-parse", "HEAD~1");
    const { stamp } = await stampWith({ ...COUNT, GITHUB_SHA: first });
    expect(stamp.version).toMatch(/^\d{4}\.\d\d\.\d\d-1$/);
  });

  test("is refused in a shallow clone, whose count would be 1", async () => {
    const shallow = await GitRig.clone(rig, "--depth=1");
    await expect(stampWith(COUNT, shallow.folder)).rejects.toThrow(
      "expected the whole history, got a shallow clone whose count would be wrong; fetch it with git fetch --unshallow",
    );
    await shallow.git("fetch", "--quiet", "--unshallow");
    expect((await stampWith(COUNT, shallow.folder)).stamp.version).toBe("2026.11.19-2");
    await shallow.dispose();
  });

  test("is refused where a commit is named and cannot be counted", async () => {
    await expect(stampWith({ ...COUNT, GITHUB_SHA: "ab".repeat(20) })).rejects.toThrow(
      `expected commit ${"ab".repeat(20)} in the repository`,
    );
    await rm(join(rig.folder, ".git"), { recursive: true });
    await expect(stampWith({ ...COUNT, GITHUB_SHA: commit })).rejects.toThrow(
      "expected a git repository to count in, got none (Not in a git repository)",
    );
  });
});

describe("every hidden form", () => {
  test.each([HMAC, COUNT, { TIDELINE_VERSION_FORM: "hash" }])(
    "$TIDELINE_VERSION_FORM leaves nothing in the stamp that names the commit",
    async (form) => {
      for (const env of [form, { ...form, ...inGitHub() }]) {
        const { stamp } = await stampWith(env);
        expect(stamp).toMatchObject({
          gitCommit: null,
          gitBranch: null,
          gitTag: null,
          buildNumber: 0,
          // The commit's day: its second would find it in the history.
          buildTime: Date.UTC(2026, 10, 19),
          commitTime: null,
        });
        const text = formatVersionFile({ ...stamp, buildId: "00112233445566aa" as never });
        for (const secret of [commit.slice(0, 7), "4.20.5", "main", SECRET]) {
          expect(text).not.toContain(secret);
        }
      }
    },
  );

  test("keeps a version that was chosen by hand, if it does not name the commit", async () => {
    expect((await stampWith({ ...HMAC, TIDELINE_VERSION: "1.2.3" })).stamp).toMatchObject({
      version: "1.2.3",
      gitCommit: null,
    });
    for (const SPOT_VERSION of [commit, `${commit.slice(0, 7)}-dirty`]) {
      await expect(stampWith({ ...HMAC, SPOT_VERSION })).rejects.toThrow(
        `Cannot hide the commit as TIDELINE_VERSION_FORM asks: expected a version that does not name it in SPOT_VERSION`,
      );
    }
  });

  test("is the time where there is no commit to hide", async () => {
    await rm(join(rig.folder, ".git"), { recursive: true });
    expect((await stampWith(HMAC)).stamp.version).toBe("20261120-113000");
  });
});

test("commit is the plain form, and no other word is one", async () => {
  expect((await stampWith({ TIDELINE_VERSION_FORM: "commit" })).stamp.gitCommit).toBe(commit);
  await expect(stampWith({ TIDELINE_VERSION_FORM: "secret" })).rejects.toThrow(
    'Cannot use TIDELINE_VERSION_FORM: expected "hmac", "hash", "date-count" or "commit", got "secret"',
  );
});
