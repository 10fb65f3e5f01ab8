import { ShopRig, skopeo } from "@tideline/testing/registry-rig";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ServiceImage } from "./describe-image.js";
import { sourceAddress } from "./source-address.js";

interface Shown {
  readonly version: string;
  readonly commit: string | null;
  readonly images: readonly ServiceImage[];
}

let rig: ShopRig;
beforeAll(async () => {
  rig = await ShopRig.create({ staging: {} });
  await rig.git.git("remote", "add", "origin", "https://ada:secret@github.com/acme/shop.git");
}, 120_000);
afterAll(() => rig?.dispose());

/** Runs with more variables than usual. */
async function withEnv<Result>(env: Record<string, string>, run: () => Promise<Result>) {
  Object.assign(rig.env, env);
  try {
    return await run();
  } finally {
    for (const name of Object.keys(env)) delete rig.env[name];
  }
}

const show = async (...args: readonly string[]) => (await rig.json<Shown>("images", ...args)).json;

describe("tideline images", () => {
  it("shows tags, labels and build arguments of every service with an image", async () => {
    const commit = await rig.git.git("rev-parse", "HEAD");
    const created = Number(await rig.git.git("show", "--no-patch", "--format=%ct", "HEAD"));
    const { images, version } = await show("--environment", "staging");
    expect(version).toBe("4.20.5");
    expect(images.map(({ service, image }) => [service, image])).toEqual([
      ["web", `${rig.registry.host}/acme/web`],
      ["api", `${rig.registry.host}/acme/api`],
    ]);
    const [web, api] = images;
    expect(web?.tags).toEqual({
      immutable: ["4.20.5", `sha-${commit.slice(0, 12)}`],
      moving: "latest",
    });
    const id = api?.labels["dev.tideline.inputs-id"] ?? "";
    expect(id).toMatch(/^[0-9a-f]{16}$/);
    expect(api?.labels).toEqual({
      "dev.tideline.build-id": id,
      "dev.tideline.inputs-id": id,
      "org.opencontainers.image.created": new Date(created * 1000)
        .toISOString()
        .replace(".000", ""),
      "org.opencontainers.image.revision": commit,
      "org.opencontainers.image.source": "https://github.com/acme/shop",
      "org.opencontainers.image.version": "4.20.5",
    });
    expect(api?.buildArguments).toEqual({
      VERSION: "4.20.5",
      GIT_SHA: commit,
      BUILD_ID: id,
      SPOT_VERSION: commit.slice(0, 12),
      SOURCE_DATE_EPOCH: String(created),
    });
  });

  it("prints arguments that a build takes word by word, and the image says them", async () => {
    const source = await rig.buildApi();
    const { images } = await show("api");
    const config = JSON.parse(await skopeo("inspect", "--config", source)) as {
      created: string;
      config: { Labels: Record<string, string>; Env: string[] };
    };
    expect(config.config.Labels).toEqual(images[0]?.labels);
    expect(config.created).toBe(images[0]?.labels["org.opencontainers.image.created"]);
    expect(config.config.Env).toContain(`BUILD_ID=${images[0]?.buildArguments.BUILD_ID}`);
    const { stdout } = await rig.tideline("images", "api", "--format", "args");
    expect(stdout.trim().split("\n").slice(-2)).toEqual(
      images[0]?.tags.immutable.map((tag) => `--tag=${rig.registry.host}/acme/api:${tag}`),
    );
  });

  it("goes by the variables where they say more", async () => {
    const env = {
      TIDELINE_VERSION: "4.21.0",
      SOURCE_DATE_EPOCH: "1700000000",
      SPOT_VERSION: "v1.2.3",
      GITHUB_SERVER_URL: "https://github.example",
      GITHUB_REPOSITORY: "acme/other",
    };
    const { images } = await withEnv(env, () => show("api"));
    expect(images[0]).toMatchObject({
      tags: { moving: "latest-api" },
      labels: {
        "org.opencontainers.image.created": "2023-11-14T22:13:20Z",
        "org.opencontainers.image.source": "https://github.example/acme/other",
        "org.opencontainers.image.version": "4.21.0",
      },
      buildArguments: { SPOT_VERSION: "v1.2.3", SOURCE_DATE_EPOCH: "1700000000" },
    });
  });

  it("gives a changed tree no tag that stays, but in CI, where steps change it", async () => {
    const commit = await rig.git.git("rev-parse", "HEAD");
    await rig.git.write({ "notes.txt": "not committed" });
    const local = await show("api");
    expect(local.images[0]?.tags).toEqual({ immutable: [], moving: "latest-api" });
    const table = await rig.tideline("images", "api");
    expect(table.stdout).toContain("tags none, for no commit holds all of it; moving latest-api");
    const named = await show("api", "--version", "4.20.6-try");
    expect(named.images[0]?.tags.immutable).toEqual(["4.20.6-try-api"]);
    expect(local.images[0]?.buildArguments).toMatchObject({
      GIT_SHA: `${commit}-dirty`,
      SPOT_VERSION: `${commit.slice(0, 12)}-dirty`,
    });
    const ci = await withEnv({ CI: "true" }, () => show("api"));
    expect(ci.images[0]?.tags.immutable).toContain(`sha-${commit.slice(0, 12)}-api`);
    expect(ci.images[0]?.labels["org.opencontainers.image.revision"]).toBe(commit);
    await rig.git.git("clean", "--force", "--quiet");
  });

  it.each([
    [["nope"], 'expected one of "web", "api", got "nope"'],
    [["--format", "args"], "expected one service, got none"],
    [["api", "--format", "yaml"], 'expected "args", got "yaml"'],
    [["api", "--environment", "moon"], 'expected one of "staging", got "moon"'],
    [["api", "--version", "a/b"], "Cannot use --version as the version"],
    [["api", "--source", "oci:x"], 'expected "push" before the service'],
    [["push"], "expected one service, got none"],
    [["push", "api", "web"], 'expected one service, got "api web"'],
    [["push", "api", "--environment", "moon"], 'expected one of "staging", got "moon"'],
    [["push", "api", "--format", "args"], "expected no --format"],
    [["push", "api", "--digest", "sha256:12"], "64 hex digits"],
    [["push", "api", "--source", "registry.example/api"], "an image as skopeo names it"],
  ])("asks for what it can use: %j", async (args, sentence) => {
    const run = await rig.tideline("images", ...args);
    expect(run.code).toBe(2);
    expect(run.stderr).toContain(sentence);
  });
});

describe("sourceAddress()", () => {
  it.each([
    ["git@github.com:acme/shop.git", "https://github.com/acme/shop"],
    ["ssh://git@git.example:2222/acme/shop.git", "https://git.example/acme/shop"],
    ["https://ada:secret@git.example:8443/acme/shop/", "https://git.example:8443/acme/shop"],
    ["/srv/git/shop.git", null],
    ["file:///srv/git/shop.git", null],
    ["C:\\git\\shop", null],
    [null, null],
  ])("%j is read at %j", (remote, page) => {
    expect(sourceAddress({}, remote)).toBe(page);
  });
});
