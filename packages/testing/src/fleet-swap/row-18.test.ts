import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { copyFile, link, mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { swapIn } from "../../../fleet/src/swap/swap-in.js";
import { writeVersionFile } from "../../../fleet/src/swap/version-file.js";
import type { Sightings } from "./path-watcher.js";

const WATCHER = fileURLToPath(new URL("path-watcher.ts", import.meta.url));
const SWAPS = 5_000;
const STATS = 100_000;
const EXECS = 1_000;

let folder: string;
let live: string;
beforeEach(async () => {
  // In memory where that is to be had: the swaps are to follow each other fast.
  const base = await mkdtemp("/dev/shm/tideline-row-18-").catch(() =>
    mkdtemp(join(tmpdir(), "tideline-row-18-")),
  );
  folder = base;
  live = join(folder, "service");
  onTestFinished(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, ".staging"));
  // Two programs that can be told apart by their exit codes.
  await copyFile("/bin/true", join(folder, "program-0"));
  await copyFile("/bin/false", join(folder, "program-1"));
});

/** A process that looks at the live path all the time. */
class Watcher {
  readonly hasEnough: Promise<unknown>;
  readonly #child: ChildProcess;

  constructor(how: "stat" | "exec", count: number) {
    const node = ["--conditions=convex", "--import", import.meta.resolve("tsx")];
    this.#child = spawn(process.execPath, [...node, WATCHER, how, live, String(count)], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    onTestFinished(() => void this.#child.kill("SIGKILL"));
    this.hasEnough = once(this.#child, "message");
  }

  async stop(): Promise<Sightings> {
    const answer = once(this.#child, "message");
    this.#child.send("stop");
    const [sightings] = await answer;
    await once(this.#child, "exit");
    return sightings as Sightings;
  }
}

async function checksum(path: string): Promise<string> {
  return createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
}

test(`row 18: 0 of ${STATS} stats and ${EXECS} execs miss the path during ${SWAPS} swaps`, async () => {
  const programs = [join(folder, "program-0"), join(folder, "program-1")] as const;
  const checksums = [await checksum(programs[0]), await checksum(programs[1])] as const;
  const install = async (swap: number) => {
    const index = swap % 2 === 0 ? 0 : 1;
    const staged = join(folder, ".staging", String(swap));
    await link(programs[index], staged);
    await swapIn({ live, staged });
    const file = { commit: null, timestamp: 0, checksum: checksums[index], version: null };
    await writeVersionFile(folder, { ...file, seq: swap });
  };
  await install(0);

  const watchers = [new Watcher("stat", STATS), new Watcher("exec", EXECS)];
  let isEnough = false;
  void Promise.all(watchers.map(({ hasEnough }) => hasEnough)).then(() => {
    isEnough = true;
  });
  let swaps = 0;
  while (swaps < SWAPS || !isEnough) await install(++swaps);

  const [stats, execs] = await Promise.all(watchers.map((watcher) => watcher.stop()));
  process.stdout.write(
    `${swaps} swaps: ${stats?.missing} of ${stats?.looks} stats and ${execs?.missing} of ${execs?.looks} execs missed the path\n`,
  );
  expect(stats).toMatchObject({ missing: 0, otherwise: [], files: 2 });
  expect(execs).toMatchObject({ missing: 0, otherwise: [], files: 2 });
  expect(stats?.looks).toBeGreaterThanOrEqual(STATS);
  expect(execs?.looks).toBeGreaterThanOrEqual(EXECS);
}, 120_000);

test("row 18: a swap by two renames is seen to miss it, so the watchers would have seen it", async () => {
  const aside = join(folder, "aside");
  await copyFile(join(folder, "program-0"), live);
  await copyFile(join(folder, "program-1"), join(folder, "next"));
  const watcher = new Watcher("stat", 20_000);
  let isEnough = false;
  void watcher.hasEnough.then(() => {
    isEnough = true;
  });
  while (!isEnough) {
    await rename(live, aside);
    await rename(join(folder, "next"), live);
    await rename(aside, join(folder, "next"));
  }
  expect((await watcher.stop()).missing).toBeGreaterThan(0);
});
