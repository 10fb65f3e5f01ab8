/**
 * Developer mode from end to end: a tag goes upstream, and only that subsystem's source is updated,
 * built, tested, packaged, signed, published, and restarted on the machines.
 */
import { appendFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DeveloperStreet, type Machine, snapshot } from "./developer-street.js";

let street: DeveloperStreet;
let developer: Machine;
let user: Machine;
beforeAll(async () => {
  street = await DeveloperStreet.open();
  await Promise.all([street.install("developer"), street.install("user")]);
  [developer, user] = await Promise.all([street.watch("developer"), street.watch("user")]);
}, 120_000);
afterAll(() => street?.close(), 60_000);

const pids = async () => ({
  developer: { nats: await pid("developer", "nats"), arc: await pid("developer", "arc") },
  user: { nats: await pid("user", "nats"), arc: await pid("user", "arc") },
});
const pid = (machine: "developer" | "user", name: "nats" | "arc") => street.pidOf(machine, name);
const published = () => street.host.repository.releases.map(({ tag }) => tag);
const versionOf = async (machine: Machine, name: string) =>
  /^version: (.*)$/m.exec(await readFile(join(machine.folder, name, ".bin/.version"), "utf8"))?.[1];

test("a tag upstream becomes a release of that subsystem alone, and runs on both machines", {
  timeout: 120_000,
}, async () => {
  const before = await pids();
  const arc = {
    developer: await snapshot(join(developer.folder, "arc")),
    user: await snapshot(join(user.folder, "arc")),
  };
  const commit = await street.tag("nats", "1.1.0");
  const push = { ref: "refs/tags/v1.1.0", after: commit };
  expect(await street.deliver(developer, "nats", "push", push)).toBeLessThan(300);
  await developer.watch.untilLine(/1\.1\.0 \(release 1\) built and published.*here: committed/);
  expect(published()).toEqual(["nats-v1.1.0"]);

  const release = { action: "published", release: { tag_name: "nats-v1.1.0" } };
  expect(await street.deliver(user, "nats", "release", release)).toBeLessThan(300);
  await user.watch.untilLine(/committed.*1\.1\.0|1\.1\.0.*committed/);

  expect([await versionOf(developer, "nats"), await versionOf(user, "nats")]).toEqual([
    "1.1.0",
    "1.1.0",
  ]);
  const after = await pids();
  expect([after.developer.arc, after.user.arc]).toEqual([before.developer.arc, before.user.arc]);
  expect(after.developer.nats).not.toBe(before.developer.nats);
  expect(after.user.nats).not.toBe(before.user.nats);
  expect(await snapshot(join(developer.folder, "arc"))).toEqual(arc.developer);
  expect(await snapshot(join(user.folder, "arc"))).toEqual(arc.user);
  expect(await headOf("nats")).toBe(commit);
});

test("the developer's machine takes what it has built, and downloads none of it", () => {
  const downloads = street.host.requests.filter(({ path }) => path.includes("/releases/download/"));
  expect(downloads.length).toBe(1);
});

test("the build had the version, and neither key nor token nor secret", async () => {
  const text = await readFile(join(developer.folder, "nats/.src/dist/environment.txt"), "utf8");
  expect(text).toContain("TIDELINE_VERSION=1.1.0");
  expect(text).toMatch(/^SOURCE_DATE_EPOCH=\d+$/m);
  expect(text).not.toMatch(/PRIVATE KEY|RELEASE_TOKEN|RELEASE_KEY|WEBHOOK_SECRET/);
});

test("verify finds everything as it should be on both machines", async () => {
  for (const machine of ["developer", "user"] as const) {
    const { code, stdout } = await street.sync(machine, "verify", "--json");
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { ok: true }]);
  }
});

test("a version whose tests fail is not published, and nothing here changes", {
  timeout: 120_000,
}, async () => {
  const before = await pids();
  const commit = await street.tag("arc", "1.2.0", { broken: "yes" });
  await street.deliver(developer, "arc", "push", { ref: "refs/tags/v1.2.0", after: commit });
  await developer.watch.untilLine(/TEST_FAILED/);
  expect(published()).toEqual(["nats-v1.1.0"]);
  expect(await pids()).toEqual(before);
  expect(await versionOf(developer, "arc")).toBe("1.0.0");
});

test("a checkout that somebody works in is left as it is", { timeout: 120_000 }, async () => {
  const path = join(developer.folder, "nats/.src/program.sh");
  const mine = `${await readFile(path, "utf8")}# mine\n`;
  await writeFile(path, mine);
  const commit = await street.tag("nats", "1.3.0");
  await street.deliver(developer, "nats", "push", { ref: "refs/tags/v1.3.0", after: commit });
  await developer.watch.untilLine(/SOURCE_DIRTY/);
  expect(await readFile(path, "utf8")).toBe(mine);
  expect(published()).toEqual(["nats-v1.1.0"]);
});

test("where there is a checkout and nothing installed, the first start builds, publishes and installs", {
  timeout: 120_000,
}, async () => {
  await street.install("fresh");
  const { stdout } = await street.sync("fresh", "check", "nats", "--json");
  expect(JSON.parse(stdout)).toMatchObject({ nats: { state: "not-installed", latest: "v1.3.0" } });
  const fresh = await street.watch("fresh");
  await fresh.watch.untilLine(/1\.3\.0 \(release 2\) built and published.*here: committed/);
  expect(published().sort()).toEqual(["nats-v1.1.0", "nats-v1.3.0"]);
  expect(await versionOf(fresh, "nats")).toBe("1.3.0");
});

test("verify says which binary somebody has changed, and ends with 1", async () => {
  await appendFile(join(user.folder, "nats/.bin/nats"), "# changed\n");
  const { code, stdout } = await street.sync("user", "verify", "--json");
  expect([code, JSON.parse(stdout)]).toMatchObject([
    1,
    {
      ok: false,
      binaries: [
        { subsystem: "nats", state: "damaged", nextStep: expect.stringContaining("rollback nats") },
        { subsystem: "arc", state: "ok" },
      ],
    },
  ]);
});

async function headOf(name: string): Promise<string> {
  return (await readFile(join(developer.folder, name, ".src/.git/HEAD"), "utf8")).trim();
}
