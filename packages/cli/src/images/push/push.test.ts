import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCli } from "@tideline/testing/built-cli";
import { readDigest, ShopRig, skopeo } from "@tideline/testing/registry-rig";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

interface Pushed {
  readonly ok: boolean;
  readonly digest: string;
  readonly reference: string;
  readonly tags: readonly { readonly tag: string; readonly state: string }[];
  readonly latest: { readonly isMoved: boolean; readonly reason: string };
}

let rig: ShopRig;
beforeAll(async () => {
  rig = await ShopRig.create();
}, 120_000);
afterAll(() => rig?.dispose());

/** A version that no other test has. */
let patch = 100;
const nextVersion = () => `4.20.${++patch}`;

/** An image of its own, and its digest. */
async function buildChanged(): Promise<{ source: string; digest: string }> {
  await rig.git.commit("A change", { "services/api/server.txt": `state ${++patch}` });
  const source = await rig.buildApi();
  return { source, digest: await readDigest(source) };
}

describe("tideline images push", () => {
  it("brings a built image to its tags and prints the reference by digest alone", async () => {
    const { source, digest } = await buildChanged();
    const version = nextVersion();
    const run = await rig.tideline(
      "images",
      "push",
      "api",
      "--source",
      source,
      "--version",
      version,
    );
    const reference = `${rig.registry.host}/acme/api@${digest}`;
    expect(run).toMatchObject({ code: 0, stdout: `${reference}\n` });
    const commit = await rig.git.git("rev-parse", "HEAD");
    for (const tag of [`${version}-api`, `sha-${commit.slice(0, 12)}-api`, "latest-api"]) {
      expect(await readDigest(rig.api(`:${tag}`))).toBe(digest);
    }
  });

  it("writes nothing when it is run again", async () => {
    const { source, digest } = await buildChanged();
    const push = ["images", "push", "api", "--source", source, "--version", nextVersion()];
    expect(await rig.tideline(...push)).toMatchObject({ code: 0 });
    const before = (await rig.registry.writes()).length;
    expect(before).toBeGreaterThan(0);
    const again = await rig.tideline(...push);
    expect(again).toMatchObject({ code: 0, stdout: `${rig.registry.host}/acme/api@${digest}\n` });
    expect((await rig.registry.writes()).slice(before)).toEqual([]);
  });

  it("exits 4 where a tag is another image, and writes nothing to any tag", async () => {
    const [old, version] = [await buildChanged(), nextVersion()];
    const push = ["images", "push", "api", "--version", version, "--source"];
    expect(await rig.tideline(...push, old.source)).toMatchObject({ code: 0 });
    const { source, digest } = await buildChanged();
    const before = (await rig.registry.writes()).length;
    const run = await rig.tideline(...push, source);
    expect(run.code).toBe(4);
    expect(run.stderr.trim()).toBe(
      `Cannot push ${rig.registry.host}/acme/api: expected "${version}-api" to be absent or ${digest}, got "${old.digest}"; no tag was changed`,
    );
    expect((await rig.registry.writes()).slice(before)).toEqual([]);
    expect(await readDigest(rig.api(`:${version}-api`))).toBe(old.digest);
  });

  it("reuses by digest: new tags, the same image, no layer sent", async () => {
    const { source, digest } = await buildChanged();
    const first = ["images", "push", "api", "--version", nextVersion(), "--source", source];
    expect(await rig.tideline(...first)).toMatchObject({ code: 0 });
    await rig.git.commit("Nothing that api is made from");
    const [before, builds, version] = [
      (await rig.registry.writes()).length,
      rig.builder.builds,
      nextVersion(),
    ];
    const { code, json } = await rig.json<Pushed>(
      ...["images", "push", "api", "--digest", digest, "--version", version],
    );
    expect(code).toBe(0);
    expect(json).toMatchObject({ action: "reuse", digest });
    // Another commit built it.
    expect(json.tags).toEqual([{ tag: `${version}-api`, state: "pushed" }]);
    const written = (await rig.registry.writes()).slice(before);
    expect(written.map(({ method, path }) => `${method} ${path}`)).toEqual(
      json.tags.map(({ tag }) => `PUT /v2/acme/api/manifests/${tag}`),
    );
    expect(await readDigest(rig.api(`:${version}-api`))).toBe(digest);
    expect(rig.builder.builds).toBe(builds);
  });

  it("another image of one commit gets its version, and the commit's tag stays", async () => {
    const [one, version] = [await buildChanged(), nextVersion()];
    const push = ["images", "push", "api", "--source"];
    await rig.tideline(...push, one.source, "--version", version);
    const args = ["--label=com.example.url=https://other.example"];
    const source = await rig.builder.build(`${rig.git.folder}/services/api`, args, {
      timestamp: 1_700_000_000,
    });
    const digest = await readDigest(source);
    expect(digest).not.toBe(one.digest);
    const next = nextVersion();
    const commitTag = `sha-${(await rig.git.git("rev-parse", "HEAD")).slice(0, 12)}-api`;
    for (const state of ["pushed", "kept"]) {
      const { code, json } = await rig.json<Pushed>(...push, source, "--version", next);
      expect([code, json.tags]).toEqual([
        0,
        [
          { tag: `${next}-api`, state },
          { tag: commitTag, state: "left" },
        ],
      ]);
    }
    expect(await readDigest(rig.api(`:${commitTag}`))).toBe(one.digest);
  });

  it("refuses what was built from changes that no commit holds, unless it is named", async () => {
    const { source, digest } = await buildChanged();
    await rig.git.write({ "notes.txt": "not committed" });
    try {
      const before = (await rig.registry.writes()).length;
      const run = await rig.tideline("images", "push", "api", "--source", source);
      expect(run.code).toBe(3);
      expect(run.stderr).toBe(
        "Cannot push api: expected a tree that a commit holds, got changes that none holds; commit them, or give the image a version of its own with --version\n",
      );
      expect((await rig.registry.writes()).slice(before)).toEqual([]);
      const named = `${nextVersion()}-try`;
      const { json } = await rig.json<Pushed>(
        ...["images", "push", "api", "--source", source, "--version", named],
      );
      expect(json).toMatchObject({ digest, tags: [{ tag: `${named}-api`, state: "pushed" }] });
    } finally {
      await rig.git.git("clean", "--force", "--quiet");
    }
  });

  it("--dry-run says what would be done and writes nothing", async () => {
    const { source } = await buildChanged();
    const before = (await rig.registry.writes()).length;
    const version = nextVersion();
    const run = await rig.tideline(
      ...["images", "push", "api", "--source", source, "--version", version, "--dry-run"],
    );
    expect(run.code).toBe(0);
    expect(run.stderr).toContain(`${version}-api: would be pushed`);
    expect((await rig.registry.writes()).slice(before)).toEqual([]);
  });

  it("an index for two architectures keeps its digest, and latest reads its version", async () => {
    const args = (version: string) => [`--label=org.opencontainers.image.version=${version}`];
    const options = { timestamp: 1_700_000_000, architectures: ["s390x", "arm64"] };
    const context = `${rig.git.folder}/services/api`;
    const version = nextVersion();
    const source = await rig.builder.buildIndex(context, args(version), options);
    const digest = await readDigest(source);
    const manifest = JSON.parse(await skopeo("inspect", "--raw", source)) as {
      manifests: readonly unknown[];
    };
    expect(manifest.manifests).toHaveLength(2);
    await rig.git.commit("Two architectures");
    const { code, json } = await rig.json<Pushed>(
      ...["images", "push", "api", "--source", source, "--version", version],
    );
    expect([code, json.digest, json.latest.isMoved]).toEqual([0, digest, true]);
    expect(await readDigest(rig.api(":latest-api"))).toBe(digest);

    await rig.git.commit("A backport");
    const older = await buildChanged();
    const backport = await rig.json<Pushed>(
      ...["images", "push", "api", "--source", older.source, "--version", "4.19.9"],
    );
    expect(backport.json.latest).toMatchObject({
      isMoved: false,
      reason: `stays: ${version} is there, which 4.19.9 is not above`,
    });
    expect(await readDigest(rig.api(":latest-api"))).toBe(digest);
    const forced = await rig.json<Pushed>(
      ...["images", "push", "api", "--source", older.source, "--version", "4.19.9"],
      "--force-latest",
    );
    expect(forced.json.latest).toMatchObject({ isMoved: true });
    expect(await readDigest(rig.api(":latest-api"))).toBe(older.digest);
  });

  it("a reused image counts for latest as the highest version it was tagged with", async () => {
    const { source, digest } = await buildChanged();
    const version = nextVersion();
    await rig.json("images", "push", "api", "--source", source, "--version", version);
    await rig.git.commit("A new major version of web; api is the same");
    await rig.json("images", "push", "api", "--digest", digest, "--version", "5.0.0");
    expect(await readDigest(rig.api(":latest-api"))).toBe(digest);
    // Above its label, below its highest tag.
    const fix = await buildChanged();
    const { json } = await rig.json<Pushed>(
      ...["images", "push", "api", "--source", fix.source, "--version", nextVersion()],
    );
    expect(json.latest).toMatchObject({ isMoved: false });
    expect(await readDigest(rig.api(":latest-api"))).toBe(digest);
  });

  it("refuses a source whose digest is not the one that was promised", async () => {
    const { source, digest } = await buildChanged();
    const run = await rig.tideline(
      ...["images", "push", "api", "--source", source, "--digest", `sha256:${"0".repeat(64)}`],
    );
    expect(run.code).toBe(3);
    expect(run.stderr).toContain(`got "${digest}"`);
  });

  it("says so where the registry does not have the digest", async () => {
    const run = await rig.tideline("images", "push", "api", "--digest", `sha256:${"1".repeat(64)}`);
    expect(run.code).toBe(1);
    expect(run.stderr).toMatch(/^Cannot read the image .*which does not have it$/m);
  });

  it("does as the plan says: restores by digest, skips, and asks for what has to be built", async () => {
    const { source, digest } = await buildChanged();
    await rig.json("images", "push", "api", "--source", source, "--version", nextVersion());
    const folder = await mkdtemp(join(tmpdir(), "tideline-plan-"));
    const plan = async (row: object) => {
      const path = join(folder, "plan.json");
      const image = `${rig.registry.host}/acme/api`;
      const entry = { service: "api", reason: "as before", image, digest: null, tags: [], ...row };
      await writeFile(path, JSON.stringify({ entries: [entry] }));
      return path;
    };
    try {
      const next = nextVersion();
      const tags = [`${next}-api`, "sha-00112233aabb-api", "latest-api"];
      const restore = await plan({ action: "restore", digest, next, tags });
      const { code, json } = await rig.json<Pushed>("images", "push", "api", "--plan", restore);
      expect(code).toBe(0);
      expect(json.tags.map(({ tag }) => tag)).toEqual(tags.slice(0, 2));
      expect(await readDigest(rig.api(":sha-00112233aabb-api"))).toBe(digest);

      const skip = await plan({ action: "skip", digest, next, tags: [] });
      expect(await rig.tideline("images", "push", "api", "--plan", skip)).toMatchObject({
        code: 0,
        stdout: `${rig.registry.host}/acme/api@${digest}\n`,
      });

      const build = await plan({ action: "build", next, tags });
      const run = await rig.tideline("images", "push", "api", "--plan", build);
      expect(run.code).toBe(2);
      expect(run.stderr).toContain("expected the built image in --source, for the plan says build");

      const foreign = await plan({ action: "reuse", digest, next, tags, image: "ghcr.io/x/api" });
      const refused = await rig.tideline("images", "push", "api", "--plan", foreign);
      expect(refused).toMatchObject({ code: 2 });
      expect(refused.stderr).toContain('got "ghcr.io/x/api"');

      await writeFile(join(folder, "plan.json"), '{"entries":[{"service":"api"}]}');
      const broken = await rig.tideline("images", "push", "api", "--plan", foreign);
      expect(broken.code).toBe(2);
      expect(broken.stderr).toMatch(/^Cannot use the plan .*expected the output of tideline plan/m);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it("names both tools where neither is there", async () => {
    const { source } = await buildChanged();
    const { PATH } = rig.env;
    const folder = await mkdtemp(join(tmpdir(), "tideline-path-"));
    rig.env.PATH = folder;
    try {
      const run = await rig.tideline("images", "push", "api", "--source", source);
      expect(run.code).toBe(2);
      expect(run.stderr).toContain("skopeo 1.6 or newer, or docker with buildx");
    } finally {
      if (PATH === undefined) delete rig.env.PATH;
      else rig.env.PATH = PATH;
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe("a registry that says no", () => {
  /** Its host, for as long as the test takes. */
  async function serve(status: number, body: string, test: (host: string) => Promise<void>) {
    const server = createServer((_request, response) => {
      response.writeHead(status, { "content-type": "application/json" }).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      await test(`127.0.0.1:${(server.address() as AddressInfo).port}`);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }

  async function pushTo(host: string) {
    const config = JSON.stringify({
      registry: `${host}/acme`,
      services: { api: { paths: ["services/api/**"], image: "api" } },
    });
    const folder = await mkdtemp(join(rig.git.folder, "elsewhere-"));
    await writeFile(join(folder, "tideline.config.json"), config);
    const { source } = await buildChanged();
    const push = ["images", "push", "api", "--source", source, "--version", "1.0.0"];
    return await runCli(rig.cli, push, { cwd: folder, env: rig.env });
  }

  const refusal = (code: string, message: string) =>
    JSON.stringify({ errors: [{ code, message }] });

  it("wants a login", () =>
    serve(401, refusal("UNAUTHORIZED", "authentication required"), async (host) => {
      const run = await pushTo(host);
      expect(run.code).toBe(1);
      expect(run.stderr).toContain(`log in first (docker login ${host})`);
    }));

  it("is broken, and is not taken for one without the tag", () =>
    serve(404, "<html>no such page</html>", async (host) => {
      const run = await pushTo(host);
      expect(run.code).toBe(1);
      expect(run.stderr).toMatch(/^Cannot read /m);
    }));

  it("never answers, and Ctrl-C ends the wait with 130", async () => {
    const config = (host: string) =>
      JSON.stringify({
        registry: `${host}/acme`,
        services: { api: { paths: ["services/api/**"], image: "api" } },
      });
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const folder = await mkdtemp(join(rig.git.folder, "elsewhere-"));
    const host = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
    await writeFile(join(folder, "tideline.config.json"), config(host));
    const { source } = await buildChanged();
    try {
      const push = ["images", "push", "api", "--source", source, "--version", "1.0.0"];
      const run = await runCli(rig.cli, push, {
        cwd: folder,
        env: rig.env,
        onStart: (child) => void silent.once("connection", () => child.kill("SIGINT")),
      });
      expect(run.code).toBe(130);
    } finally {
      silent.closeAllConnections();
      silent.close();
    }
  });

  it("is away", async () => {
    let gone = "";
    await serve(200, "", async (host) => {
      gone = host;
    });
    const run = await pushTo(gone);
    expect(run.code).toBe(1);
    expect(run.stderr).toContain(`expected an answer from ${gone}`);
  });
});
