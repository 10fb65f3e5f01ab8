import { createHash } from "node:crypto";
import {
  link,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  unlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { keepPrevious, readPrevious } from "./keep-previous.js";
import { linkOrCopy } from "./link-or-copy.js";
import { placeOnWindows } from "./place-on-windows.js";
import { readLive } from "./read-live.js";
import { restorePrevious } from "./restore-previous.js";
import { swapIn } from "./swap-in.js";
import type { RestoreStep, SwapStep } from "./swap-step.js";
import { writeVersionFile } from "./version-file.js";

const SWAP_STEPS: readonly SwapStep[] = [
  "staged-synced",
  "record-prepared",
  "previous-linked",
  "previous-renamed",
  "previous-kept",
  "swapped",
  "swap-synced",
];
const RESTORE_STEPS: readonly RestoreStep[] = [
  "restore-linked",
  "restored",
  "restore-synced",
  "restore-recorded",
];

let folder: string;
let live: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tideline-swap-"));
  live = join(folder, "nats");
  onTestFinished(() => rm(folder, { recursive: true }));
});

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const recordOf = (content: string) => ({
  commit: "1d6f7ea",
  timestamp: Date.UTC(2026, 0, 1),
  checksum: sha256(content),
  version: content,
  seq: null,
});

async function stage(content: string): Promise<string> {
  await mkdir(join(folder, ".staging"), { recursive: true });
  const staged = join(folder, ".staging", sha256(content));
  await writeFile(staged, content, { mode: 0o755 });
  return staged;
}

/** Swaps and lets it count, as a whole update does. */
async function install(content: string): Promise<void> {
  await swapIn({ live, staged: await stage(content) });
  await writeVersionFile(folder, recordOf(content));
}

const content = () => readFile(live, "utf8");
const previousVersion = async () => {
  const previous = await readPrevious(live);
  return previous.state === "kept" ? previous.version.version : previous.state;
};

describe("swapIn()", () => {
  test("puts the first binary in place, and then there is nothing to go back to", async () => {
    expect(await swapIn({ live, staged: await stage("A") })).toBeNull();
    expect(await content()).toBe("A");
    expect(await readPrevious(live)).toEqual({ state: "absent" });
    await expect(restorePrevious({ live })).rejects.toMatchObject({ reason: "NO_PREVIOUS" });
  });

  test("keeps exactly the one before, with its record, and leaves no other file", async () => {
    for (const version of ["A", "B", "C"]) await install(version);
    expect(await content()).toBe("C");
    expect(await readdir(join(folder, ".previous"))).toEqual([".version", "nats"]);
    expect(await readFile(join(folder, ".previous", "nats"), "utf8")).toBe("B");
    expect(await previousVersion()).toBe("B");
    expect(await readdir(join(folder, ".staging"))).toEqual([]);
    expect((await readdir(folder)).sort()).toEqual([".previous", ".staging", ".version", "nats"]);
  });

  test("leaves .version alone, so that the swapped binary reads as drifted until it counts", async () => {
    await install("A");
    await swapIn({ live, staged: await stage("B") });
    expect(await readLive(live)).toMatchObject({ state: "drifted", sha256: sha256("B") });
    await writeVersionFile(folder, recordOf("B"));
    expect(await readLive(live)).toMatchObject({ state: "known", sha256: sha256("B") });
  });

  test("does not throw away the kept binary when it is asked again after the swap", async () => {
    await install("A");
    await swapIn({ live, staged: await stage("B") });
    const again = swapIn({ live, staged: await stage("B") });
    await expect(again).rejects.toMatchObject({ reason: "DRIFTED" });
    expect(await previousVersion()).toBe("A");
  });

  test.each([
    ["without a .version", () => unlink(join(folder, ".version"))],
    ["with an unreadable .version", () => writeFile(join(folder, ".version"), "rubbish")],
    ["that somebody changed", () => writeFile(live, "edited")],
  ])("does not touch a binary %s", async (_, change) => {
    await install("A");
    await install("B");
    await change();
    const before = await content();
    const swap = swapIn({ live, staged: await stage("C") });
    await expect(swap).rejects.toMatchObject({ reason: "DRIFTED" });
    expect(await content()).toBe(before);
    expect(await previousVersion()).toBe("A");
  });

  test("does not follow a symbolic link at the live path", async () => {
    await install("A");
    await rename(live, join(folder, "elsewhere"));
    await symlink(join(folder, "elsewhere"), live);
    const swap = swapIn({ live, staged: await stage("B") });
    await expect(swap).rejects.toMatchObject({ reason: "SWAP_FAILED" });
    expect((await lstat(live)).isSymbolicLink()).toBe(true);
  });

  test("without a staged file leaves everything as it was", async () => {
    await install("A");
    const swap = swapIn({ live, staged: join(folder, ".staging", "none") });
    await expect(swap).rejects.toMatchObject({ reason: "SWAP_FAILED" });
    expect(await content()).toBe("A");
  });

  test("works when the live binary and the kept one are one file already", async () => {
    await install("A");
    await install("B");
    await restorePrevious({ live });
    expect((await stat(live)).ino).toBe((await stat(join(folder, ".previous", "nats"))).ino);
    await install("C");
    expect([await content(), await previousVersion()]).toEqual(["C", "A"]);
    expect(await readdir(join(folder, ".previous"))).toEqual([".version", "nats"]);
  });

  test("works when the staged binary and the live one are one file, and removes the second name", async () => {
    await install("A");
    const staged = join(folder, ".staging", sha256("A"));
    await link(live, staged);
    await swapIn({ live, staged });
    expect(await content()).toBe("A");
    expect(await readdir(join(folder, ".staging"))).toEqual([]);
  });
});

describe("restorePrevious()", () => {
  test("brings back the binary and its .version, twice if it is asked twice", async () => {
    await install("A");
    await install("B");
    for (let time = 0; time < 2; time++) {
      expect(await restorePrevious({ live })).toMatchObject({ version: "A" });
      expect(await readLive(live)).toMatchObject({ state: "known", sha256: sha256("A") });
      expect(await previousVersion()).toBe("A");
    }
  });

  test("works when the live binary is gone", async () => {
    await install("A");
    await install("B");
    await unlink(live);
    await restorePrevious({ live });
    expect(await content()).toBe("A");
  });

  test("refuses a kept binary that is not what it was, and leaves the live one alone", async () => {
    await install("A");
    await install("B");
    await writeFile(join(folder, ".previous", "nats"), "a");
    await expect(restorePrevious({ live })).rejects.toMatchObject({ reason: "PREVIOUS_DAMAGED" });
    expect(await content()).toBe("B");
  });

  test("refuses a kept binary without a record", async () => {
    await install("A");
    await install("B");
    await unlink(join(folder, ".previous", ".version"));
    await expect(restorePrevious({ live })).rejects.toMatchObject({ reason: "PREVIOUS_DAMAGED" });
  });

  test("before the new one counts it does not write .version: it is true again already", async () => {
    await install("A");
    const before = await stat(join(folder, ".version"));
    await swapIn({ live, staged: await stage("B") });
    await restorePrevious({ live });
    expect((await stat(join(folder, ".version"))).ino).toBe(before.ino);
    expect(await readLive(live)).toMatchObject({ state: "known", sha256: sha256("A") });
  });
});

describe("row 16: whatever the step at which it stops,", () => {
  class Stop extends Error {}
  const stopAt = (wanted: string) => (step: string) => {
    if (step === wanted) throw new Stop();
  };
  const reached = (attempt: Promise<unknown>) =>
    attempt.then(
      () => expect.unreachable("it was to stop"),
      (error) => expect(error.cause ?? error).toBeInstanceOf(Stop),
    );

  test.each(SWAP_STEPS)(
    "swap %s: live is A or B and executable, the way back leads to A",
    async (step) => {
      await install("0");
      await install("A");
      await reached(swapIn({ live, staged: await stage("B"), atStep: stopAt(step) }));
      expect(["A", "B"]).toContain(await content());
      expect((await stat(live)).mode & 0o111).toBe(0o111);
      const before = await content();
      const kept = await previousVersion();
      // Until the binary itself is kept, what was kept before still can be restored.
      expect(kept).toBe(
        ["staged-synced", "record-prepared", "previous-linked"].includes(step) ? "0" : "A",
      );

      if (before === "A") await swapIn({ live, staged: await stage("B") });
      expect([await content(), await previousVersion()]).toEqual(["B", "A"]);
      expect(await readdir(join(folder, ".previous"))).toEqual([".version", "nats"]);
      await restorePrevious({ live });
      expect(await readLive(live)).toMatchObject({ state: "known", sha256: sha256("A") });
    },
  );

  test.each(SWAP_STEPS.flatMap((first) => SWAP_STEPS.map((second) => [first, second] as const)))(
    "swap %s and, in the second try, %s: a third one ends well",
    async (first, second) => {
      await install("0");
      await install("A");
      await reached(swapIn({ live, staged: await stage("B"), atStep: stopAt(first) }));
      if ((await content()) === "A") {
        await reached(swapIn({ live, staged: await stage("B"), atStep: stopAt(second) }));
      }
      if ((await content()) === "A") await swapIn({ live, staged: await stage("B") });
      expect([await content(), await previousVersion()]).toEqual(["B", "A"]);
      expect(await readdir(join(folder, ".previous"))).toEqual([".version", "nats"]);
    },
  );

  test.each(
    RESTORE_STEPS.flatMap((first) => RESTORE_STEPS.map((second) => [first, second] as const)),
  )("restore %s and, in the second try, %s: a third one ends well", async (first, second) => {
    await install("A");
    await install("B");
    await reached(restorePrevious({ live, atStep: stopAt(first) }));
    expect(["A", "B"]).toContain(await content());
    // A second try has fewer steps to stop at: then it is done.
    await restorePrevious({ live, atStep: stopAt(second) }).catch(() => {});
    await restorePrevious({ live });
    expect(await readLive(live)).toMatchObject({ state: "known", sha256: sha256("A") });
    expect(await readdir(join(folder, ".previous"))).toEqual([".version", "nats"]);
  });
});

test("row 16: a swap that stopped between its two renames can be given up, and leaves no trace", async () => {
  await install("0");
  await install("A");
  const stop = (step: SwapStep) => {
    if (step === "previous-renamed") throw new Error("stop");
  };
  await expect(swapIn({ live, staged: await stage("B"), atStep: stop })).rejects.toThrow("stop");
  expect(await restorePrevious({ live })).toMatchObject({ version: "A" });
  expect(await readLive(live)).toMatchObject({ state: "known", sha256: sha256("A") });
  expect(await readdir(join(folder, ".previous"))).toEqual([".version", "nats"]);
});

test("where there are no hard links a file is copied, mode and all", async () => {
  await install("A");
  const refuse = async () => {
    throw Object.assign(new Error("no links here"), { code: "EPERM" });
  };
  await linkOrCopy(live, join(folder, "copy"), refuse);
  expect(await readFile(join(folder, "copy"), "utf8")).toBe("A");
  expect((await stat(join(folder, "copy"))).mode & 0o777).toBe(0o755);
  expect((await stat(join(folder, "copy"))).ino).not.toBe((await stat(live)).ino);
});

test("a folder that may not be written to is named as such, and the live binary stays", async () => {
  await install("A");
  const staged = await stage("B");
  await rm(join(folder, ".previous"), { recursive: true, force: true });
  await writeFile(join(folder, ".previous"), "in the way");
  await expect(swapIn({ live, staged })).rejects.toMatchObject({ reason: "SWAP_FAILED" });
  expect(await content()).toBe("A");
});

describe("placeOnWindows()", () => {
  const held = () => Object.assign(new Error("held"), { code: "EBUSY" });
  function files(failures: Record<string, number>) {
    const waits: number[] = [];
    return {
      waits,
      readdir,
      unlink: async (path: string) => {
        if ((failures.unlink ?? 0) > 0) throw held();
        await unlink(path);
      },
      rename: async (from: string, to: string) => {
        const step = to === live ? "in" : "aside";
        failures[step] = (failures[step] ?? 0) - 1;
        if ((failures[step] as number) >= 0) throw held();
        await rename(from, to);
      },
      wait: async (ms: number) => waits.push(ms),
    };
  }

  test("renames the live one aside, the new one in, and removes the old one", async () => {
    await install("A");
    await placeOnWindows(await stage("B"), live, files({}));
    expect(await content()).toBe("B");
    expect((await readdir(folder)).filter((name) => name.includes(".old-"))).toEqual([]);
  });

  test("waits, longer each time, while a scanner holds the files", async () => {
    await install("A");
    const rig = files({ aside: 2, in: 3 });
    await placeOnWindows(await stage("B"), live, rig);
    expect(await content()).toBe("B");
    expect(rig.waits).toEqual([10, 20, 10, 20, 40]);
  });

  test("puts the old one back when the new one cannot be renamed in", async () => {
    await install("A");
    // 8 waits, then the ninth try is the last; the way back is the tenth.
    await expect(placeOnWindows(await stage("B"), live, files({ in: 9 }))).rejects.toThrow("held");
    expect(await content()).toBe("A");
  });

  test("leaves a program that still runs aside, and removes it the next time", async () => {
    await install("A");
    await placeOnWindows(await stage("B"), live, files({ unlink: 1 }));
    expect(await readFile(`${live}.old-1`, "utf8")).toBe("A");
    await writeFile(`${live}.old-notes`, "not ours");
    await placeOnWindows(await stage("C"), live, files({}));
    expect(await content()).toBe("C");
    expect((await readdir(folder)).filter((name) => name.includes(".old-"))).toEqual([
      "nats.old-notes",
    ]);
  });

  test("needs no live file", async () => {
    await placeOnWindows(await stage("A"), live, files({}));
    expect(await content()).toBe("A");
  });
});

test("keepPrevious() alone does not change the live binary", async () => {
  await install("A");
  const before = await stat(live);
  expect(await keepPrevious(live)).toMatchObject({ version: "A" });
  expect((await stat(live)).ino).toBe(before.ino);
});
