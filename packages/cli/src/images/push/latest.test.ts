import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ImageBuilder, LocalRegistry, readDigest } from "@tideline/testing/registry-rig";
import { compareVersions } from "@tideline/version/bump";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { imageTags } from "../image-tags.js";
import { parseRepository } from "../registry/image-name.js";
import { skopeo } from "../registry/skopeo.js";
import { decideLatest } from "./decide-latest.js";
import { type PushedImage, pushImage } from "./push-image.js";

// The 2,000 orders above them need no processes; these take a second each.
const REAL_ORDERS = 12;

/** Equal for equal seeds (mulberry32), so that a failure can be repeated. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

function shuffle<Item>(items: readonly Item[], random: () => number): Item[] {
  const shuffled = [...items];
  for (let index = shuffled.length - 1; index > 0; index--) {
    const other = Math.floor(random() * (index + 1));
    [shuffled[index], shuffled[other]] = [shuffled[other] as Item, shuffled[index] as Item];
  }
  return shuffled;
}

// Releases, their backports and what must never be "latest".
const VERSIONS = [
  "4.19.8",
  "4.19.9",
  "4.20.4",
  "4.20.10",
  "5.0.0-rc.1",
  "5.0.0",
  "5.0.1",
  "nightly",
];
const RELEASES = VERSIONS.filter((version) => /^[\d.]+$/.test(version));

describe("decideLatest()", () => {
  it("never goes back over 2,000 random orders, and ends at the highest release", () => {
    for (let seed = 1; seed <= 2_000; seed++) {
      let current: { digest: string; version: string } | null = null;
      let highest: string | null = null;
      for (const version of shuffle(VERSIONS, seeded(seed))) {
        const facts = { version, digest: version, current, highest, isForced: false };
        const { isMoved } = decideLatest(facts);
        if (
          RELEASES.includes(version) &&
          (highest === null || compareVersions(version, highest) > 0)
        ) {
          highest = version;
        }
        if (!isMoved) continue;
        const before: { version: string } | null = current;
        if (before !== null) {
          expect(compareVersions(version, before.version), `seed ${seed}`).toBe(1);
        }
        current = { digest: version, version };
      }
      expect(current?.version, `seed ${seed}`).toBe("5.0.1");
    }
  });

  it.each([
    ["no release", "abc123", { digest: "a", version: "1.0.0" }, "is no semantic version"],
    ["a prerelease", "2.0.0-rc.1", { digest: "a", version: "1.0.0" }, "is a prerelease"],
    ["an image that names no version", "2.0.0", { digest: "a", version: null }, "--force-latest"],
    ["the same version", "1.0.0+b", { digest: "a", version: "1.0.0+a" }, "is not above"],
    ["the same image", "1.0.0", { digest: "b", version: "1.0.0" }, "points there already"],
  ])("stays for %s", (_case, version, current, reason) => {
    const facts = { version, digest: "b", current, highest: null, isForced: false };
    const decision = decideLatest(facts);
    expect(decision.isMoved).toBe(false);
    expect(decision.reason).toContain(reason);
  });

  it("stays below a release that has a tag, and moves where it was told to", () => {
    const current = { digest: "a", version: "1.0.0" };
    const facts = { version: "1.0.1", digest: "b", current, highest: "2.0.0" };
    expect(decideLatest({ ...facts, isForced: false })).toEqual({
      isMoved: false,
      reason: "stays: 2.0.0 is there, which 1.0.1 is not above",
    });
    expect(decideLatest({ ...facts, isForced: true }).isMoved).toBe(true);
  });
});

describe("latest in a registry", () => {
  let registry: LocalRegistry;
  let builder: ImageBuilder;
  let folder: string;
  /** A built image for each release, with its version in its label. */
  const images = new Map<string, { source: string; digest: string }>();

  beforeAll(async () => {
    builder = await ImageBuilder.create();
    folder = await mkdtemp(join(tmpdir(), "tideline-context-"));
    await writeFile(join(folder, "Dockerfile"), "FROM scratch\nCOPY Dockerfile /\n");
    for (const version of RELEASES) {
      const label = `--label=org.opencontainers.image.version=${version}`;
      const source = await builder.build(folder, [label], { timestamp: 1_700_000_000 });
      images.set(version, { source, digest: await readDigest(source) });
    }
    registry = await LocalRegistry.start();
  }, 120_000);
  afterAll(async () => {
    await Promise.all([registry?.dispose(), builder?.dispose()]);
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  const tool = () => {
    const { signal } = new AbortController();
    return skopeo({ cwd: folder, env: process.env, signal }, { isInsecure: false });
  };

  function push(name: string, version: string, built: string): Promise<PushedImage> {
    return pushImage(tool(), {
      repository: parseRepository(`${registry.host}/acme/${name}`),
      tags: imageTags({ version, commit: null, tagSuffix: "" }),
      tagSuffix: "",
      version,
      source: images.get(built)?.source ?? "",
      expectedDigest: null,
      isLatestForced: false,
      isDryRun: false,
    });
  }

  const latestOf = (name: string) => readDigest(`docker://${registry.host}/acme/${name}:latest`);

  it("never goes back over random orders of releases and backports, and ends at the highest", async () => {
    for (let seed = 1; seed <= REAL_ORDERS; seed++) {
      const name = `order-${seed}`;
      let highest: string | null = null;
      for (const version of shuffle(RELEASES, seeded(seed)).slice(0, 4)) {
        const { latest } = await push(name, version, version);
        const isHigher: boolean = highest === null || compareVersions(version, highest) > 0;
        expect(latest.isMoved, `seed ${seed}: ${version} after ${highest}`).toBe(isHigher);
        if (isHigher) highest = version;
      }
      expect(await latestOf(name), `seed ${seed}`).toBe(images.get(highest ?? "")?.digest);
    }
  }, 240_000);

  it("ends at the highest of six releases that are pushed at the same moment", async () => {
    for (let round = 1; round <= 3; round++) {
      const name = `together-${round}`;
      await Promise.all(RELEASES.map((version) => push(name, version, version)));
      expect(await latestOf(name)).toBe(images.get("5.0.1")?.digest);
    }
  }, 60_000);
});
