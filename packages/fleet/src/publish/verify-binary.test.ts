import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SignedFleet } from "@tideline/testing/signed-fleet";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { SubsystemConfig } from "../config/sync-config.js";
import { writeVersionFile } from "../swap/version-file.js";
import { sha256Of } from "./package-binary.js";
import { isAsItShould, verifyBinary } from "./verify-binary.js";

const PLATFORM = "linux-x64-glibc";
const fleet = new SignedFleet();
const release = (seq: number, bytes: string) =>
  fleet.manifest({ seq, version: `2.10.${seq}` }, bytes);
const RELEASES = [release(7, "seven"), release(8, "eight")];

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tideline-verify-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function install(bytes: string | null, said: string | null, seq = 7, to = folder) {
  await mkdir(to, { recursive: true });
  if (bytes !== null) await writeFile(join(to, "nats"), bytes);
  if (said === null) return;
  await writeVersionFile(to, {
    ...{ commit: null, timestamp: 0, checksum: sha256Of(Buffer.from(said)) },
    ...{ version: `2.10.${seq}`, seq },
  });
}
const verify = (releases = RELEASES) =>
  verifyBinary(
    { name: "nats", binary: join(folder, "nats") } as SubsystemConfig,
    releases,
    PLATFORM,
  );

test.each([
  ["bytes, .version and release agree", "seven", "seven", 7, "ok", null],
  ["there is nothing", null, null, 7, "not-installed", null],
  ["the binary is gone", null, "seven", 7, "damaged", "DAMAGED"],
  ["a byte has changed", "seveN", "seven", 7, "damaged", "DAMAGED"],
  ["another release lies there", "eight", "seven", 7, "drifted", "DRIFTED"],
  ["a release without .version", "seven", null, 7, "drifted", "DRIFTED"],
  ["nobody knows it", "mine", null, 7, "unknown", "UNKNOWN_BINARY"],
  ["binary and .version were replaced together", "evil", "evil", 7, "damaged", "DAMAGED"],
  ["a release under the number of another", "eight", "eight", 7, "drifted", "DRIFTED"],
] as const)("%s", async (_what, bytes, said, seq, state, reason) => {
  await install(bytes, said, seq);
  const found = await verify();
  expect(found).toMatchObject({ state, reason });
  expect(isAsItShould(found)).toBe(state === "ok" || state === "not-installed");
  expect(found.nextStep === null).toBe(reason === null);
  expect(found.nextStep ?? "").not.toContain("NAME");
});

test("of a binary that was replaced the way is named first that is there without a version before", async () => {
  await install("evil", "seven");
  expect(await verify()).toMatchObject({
    previous: "none",
    nextStep: expect.stringMatching(
      /`tideline-sync apply nats --replace` .* if a version before is kept `tideline-sync rollback nats`/,
    ),
  });
});

test("a folder in the place of the binary is said to be one", async () => {
  await mkdir(join(folder, "nats"));
  await expect(verify()).rejects.toMatchObject({
    name: "UsageError",
    message: `Cannot use the binary "${join(folder, "nats")}": expected a file, got a folder`,
    nextStep: "Correct `binary` in sync.config.yaml, or move the folder away",
  });
});

test("where no release is known, .version alone is compared", async () => {
  await install("seven", "seven");
  expect(await verify([])).toMatchObject({ state: "ok", expected: { release: null } });
});

test("a .version that cannot be read tells nothing", async () => {
  await install("mine", null);
  await writeFile(join(folder, ".version"), "checksum: none\n");
  expect(await verify()).toMatchObject({ state: "unknown", detail: "Its .version cannot be read" });
});

test("a kept binary that is not what it was is told, though the live one is well", async () => {
  await install("eight", "eight", 8);
  await install("sevem", "seven", 7, join(folder, ".previous"));
  const found = await verify();
  expect(found).toMatchObject({ state: "ok", previous: "damaged", reason: "PREVIOUS_DAMAGED" });
  expect(isAsItShould(found)).toBe(false);
});
