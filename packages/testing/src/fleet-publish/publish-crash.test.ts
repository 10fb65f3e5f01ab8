/**
 * A publisher that dies at every request it sends, before it arrives and before its answer does, and
 * once more while another run finishes what it began: always exactly one release in the end.
 */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { publishInProcess } from "./publish-process.js";
import { PublishRig, sha256Of } from "./publish-rig.js";

let rig: PublishRig;
beforeEach(async () => {
  rig = await PublishRig.start();
});
afterEach(() => rig.close());

/** A fetch of a process that dies at its n-th request: from then on nothing of it goes on. */
function dyingFetch(at: number, when: "before" | "after") {
  let sent = 0;
  let die: () => void = () => {};
  const death = new Promise<"died">((resolve) => {
    die = () => resolve("died");
  });
  const dyingOne: typeof fetch = async (input, init) => {
    sent++;
    if (sent < at) return await fetch(input, init);
    if (sent === at && when === "after") await fetch(input, init).then((one) => one.arrayBuffer());
    die();
    return await new Promise<never>(() => {});
  };
  return { fetch: dyingOne, death };
}

const request = { version: "2.10.25" };

async function publishAndDie(at: number, when: "before" | "after", binary?: string) {
  const { fetch: dying, death } = dyingFetch(at, when);
  const published = rig.publish(
    { ...request, ...(binary !== undefined && { binary }) },
    { host: rig.hostWith(dying) },
  );
  return await Promise.race([published.then(() => "published" as const), death]);
}

test("row 9: died at every request, then run again: one release, whole, and the ledger knows it", async () => {
  let died = 0;
  for (let at = 1; ; at++) {
    const outcomes: string[] = [];
    for (const when of ["before", "after"] as const) {
      const outcome = await publishAndDie(at, when);
      outcomes.push(outcome);
      if (outcome === "died") died++;
      await expectOneRelease(`request ${at}, ${when}`);
      await rig.close();
      rig = await PublishRig.start();
    }
    if (outcomes.every((outcome) => outcome === "published")) break;
  }
  // Draft, uploads, reading back, publication and all the looks in between.
  expect(died).toBeGreaterThanOrEqual(20);
});

test("died again in every run that finishes what the one before began: one release", async () => {
  for (let at = 3; at <= 9; at += 2) {
    for (let second = 1; second <= 9; second += 2) {
      await publishAndDie(at, "after");
      await publishAndDie(second, "after");
      await expectOneRelease(`requests ${at} and ${second}`);
      await rig.close();
      rig = await PublishRig.start();
    }
  }
});

test("another build after a crash: what is published is the one or the other, never a mixture", async () => {
  for (let at = 2; at <= 12; at++) {
    await publishAndDie(at, "after", "the first build");
    const again = await rig
      .publish({ ...request, binary: "the second build" })
      .catch((error) => error);
    const [release, ...more] = rig.published();
    expect([release?.tag, more]).toEqual(["nats-v2.10.25", []]);
    // Public already: then it stays, and the other build is told so.
    if (again instanceof Error) expect(again).toMatchObject({ reason: "PUBLISH_CONFLICT" });
    await expectSignedFiles();
    await rig.close();
    rig = await PublishRig.start();
  }
});

describe("killed with SIGKILL", () => {
  test.each(["draft-created", "file-uploaded", "all-uploaded", "read-back", "published"] as const)(
    "after %s, and run again: one release",
    async (step) => {
      expect(await publishInProcess(rig, step)).toBe("SIGKILL");
      expect(await publishInProcess(rig, null)).toBe(0);
      expect(rig.published()).toMatchObject([{ tag: "nats-v2.10.25", seq: 1 }]);
      expect(rig.drafts()).toEqual([]);
      await expectSignedFiles();
    },
  );
});

async function expectOneRelease(what: string): Promise<void> {
  const again = await rig.publish(request);
  expect(again, what).toMatchObject({ seq: 1, tag: "nats-v2.10.25" });
  expect(rig.published(), what).toMatchObject([{ tag: "nats-v2.10.25", seq: 1 }]);
  expect(rig.drafts(), what).toEqual([]);
  // What the ledger hears last is what the host serves.
  expect(rig.told.at(-1)?.manifest, what).toBe(again.signed.manifest);
  await expectSignedFiles();
}

/** Every file that the public manifest names is served with the sha256 that was signed. */
async function expectSignedFiles(): Promise<void> {
  const { manifest } = await rig.readPublished("nats-v2.10.25");
  for (const { urls, sha256 } of Object.values(manifest.artifacts)) {
    const bytes = Buffer.from(await (await fetch(String(urls[0]))).arrayBuffer());
    expect(sha256Of(bytes)).toBe(sha256);
  }
}
