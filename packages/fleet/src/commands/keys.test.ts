import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { run } from "../run.js";

describe("tideline-sync keys", () => {
  let cwd: string;
  beforeEach(async () => {
    cwd = await mkdtemp(join(tmpdir(), "tideline-keys-"));
  });
  afterEach(() => rm(cwd, { recursive: true }));

  async function sync(...args: string[]) {
    const out: string[] = [];
    const err: string[] = [];
    const exitCode = await run(args, {
      cwd,
      env: {},
      isInteractive: false,
      print: (line) => out.push(line),
      log: (line) => err.push(line),
      signal: new AbortController().signal,
    });
    return { exitCode, out: out.join("\n"), err: err.join("\n") };
  }

  async function json(...args: string[]) {
    const { exitCode, out } = await sync(...args, "--json");
    return { exitCode, ...(JSON.parse(out) as object) };
  }

  async function generate(role: string, out: string) {
    const made: Record<string, unknown> = await json("keys", "generate", role, "--out", out);
    return { keyId: String(made.keyId), publicKey: String(made.publicKey) };
  }

  async function ceremony() {
    const roots = [await generate("root", "root-1.pem"), await generate("root", "root-2.pem")];
    const release = await generate("release", "release.pem");
    await json(
      ...["keys", "sign-keyset", "--root", "root-1.pem", "--out", "keyset.json"],
      ...["--release-key", release.publicKey, "--version", "1", "--expires", "365d"],
    );
    return { roots, release };
  }

  async function writeConfig(roots: readonly { readonly publicKey: string }[], threshold: number) {
    const lines = ["trust:", `  threshold: ${threshold}`, "  roots:"];
    for (const { publicKey } of roots) lines.push(`    - ${publicKey}`);
    await writeFile(
      join(cwd, "sync.config.yaml"),
      `${lines.join("\n")}\nsubsystems:\n  nats:\n    binary: nats/.bin/nats\n    service: null\n`,
    );
  }

  test("generate makes a file that only its owner may read, and shows what is public of it", async () => {
    const made = await generate("release", "release.pem");
    expect((await stat(join(cwd, "release.pem"))).mode & 0o777).toBe(0o600);
    expect(await readFile(join(cwd, "release.pem"), "utf8")).toMatch(
      /^-----BEGIN PRIVATE KEY-----/,
    );
    expect(await json("keys", "show", "release.pem")).toEqual({
      exitCode: 0,
      keyId: made.keyId,
      publicKey: made.publicKey,
    });
  });

  test("generate overwrites no key", async () => {
    await generate("root", "root.pem");
    const before = await readFile(join(cwd, "root.pem"), "utf8");
    const { exitCode, err } = await sync("keys", "generate", "root", "--out", "root.pem");
    expect(exitCode).toBe(2);
    expect(err).toContain("expected no file at");
    expect(await readFile(join(cwd, "root.pem"), "utf8")).toBe(before);
  });

  test("a key that others may read is not used", async () => {
    await generate("root", "root.pem");
    await chmod(join(cwd, "root.pem"), 0o640);
    const { exitCode, err } = await sync("keys", "show", "root.pem");
    expect(exitCode).toBe(2);
    expect(err).toContain("chmod 600");
  });

  test("two roots sign one keyset after the other, and a machine believes it from the second on", async () => {
    const { roots } = await ceremony();
    await writeConfig(roots, 2);
    expect(await json("keys", "inspect", "keyset.json")).toMatchObject({
      exitCode: 3,
      isBelieved: false,
      refusal: { reason: "KEYSET_INVALID" },
    });
    await json(
      ...["keys", "sign-keyset", "--from", "keyset.json"],
      ...["--root", "root-2.pem", "--out", "keyset.json"],
    );
    expect(await json("keys", "inspect", "keyset.json")).toMatchObject({
      exitCode: 0,
      isBelieved: true,
      version: 1,
      threshold: 1,
      signatures: [{ isTrusted: true }, { isTrusted: true }],
    });
  });

  test("a root that signs twice still is one root", async () => {
    const { roots } = await ceremony();
    await writeConfig(roots, 2);
    await json(
      ...["keys", "sign-keyset", "--from", "keyset.json"],
      ...["--root", "root-1.pem", "--out", "keyset.json"],
    );
    expect(await json("keys", "inspect", "keyset.json")).toMatchObject({
      isBelieved: false,
      refusal: { message: expect.stringContaining("of 2 trusted roots, got 1") },
    });
  });

  test("inspect shows a keyset where there is no configuration, and says that nobody was asked", async () => {
    await ceremony();
    const { exitCode, out } = await sync("keys", "inspect", "keyset.json");
    expect(exitCode).toBe(0);
    expect(out).toContain("threshold:  1 of 1");
    expect(out).toContain("believed:   unknown");
  });

  test.each([
    ["no key", ["--version", "1", "--expires", "1d"], "expected 1 to 16 entries"],
    [
      "no version",
      ["--release-key", "KEY", "--expires", "1d"],
      "a whole number for --version, got none",
    ],
    [
      "a day that is over",
      ["--release-key", "KEY", "--version", "1", "--expires", "2020-01-01"],
      "a day to come",
    ],
    [
      "a threshold out of reach",
      ["--release-key", "KEY", "--version", "1", "--expires", "1d", "--threshold", "2"],
      "from 1 to 1",
    ],
    [
      "a root as release key",
      ["--release-key", "ROOT", "--version", "1", "--expires", "1d"],
      "that are no roots",
    ],
    [
      "a key cut short",
      ["--release-key", "AAAA", "--version", "1", "--expires", "1d"],
      "44 characters",
    ],
  ])("sign-keyset refuses %s", async (_, options, message) => {
    const root = await generate("root", "root.pem");
    const release = await generate("release", "release.pem");
    const filledIn = options.map((option) =>
      option.replace(/^KEY$/, release.publicKey).replace(/^ROOT$/, root.publicKey),
    );
    const { exitCode, err } = await sync(
      ...["keys", "sign-keyset", "--root", "root.pem", "--out", "keyset.json"],
      ...filledIn,
    );
    expect(err).toContain(message);
    expect(exitCode).toBe(2);
    await expect(stat(join(cwd, "keyset.json"))).rejects.toThrow("ENOENT");
  });

  test("what a second root signs cannot be changed on the way", async () => {
    await ceremony();
    const { exitCode, err } = await sync(
      ...["keys", "sign-keyset", "--from", "keyset.json", "--version", "2"],
      ...["--root", "root-2.pem", "--out", "keyset.json"],
    );
    expect(exitCode).toBe(2);
    expect(err).toContain("no --version beside --from");
  });

  test("a file that is no key is refused, and nothing of it is repeated", async () => {
    await writeFile(join(cwd, "notes.txt"), "a secret that is no key", { mode: 0o600 });
    const { exitCode, err } = await sync("keys", "show", "notes.txt");
    expect(exitCode).toBe(2);
    expect(err).toContain("PKCS #8");
    expect(err).not.toContain("secret");
  });
});
