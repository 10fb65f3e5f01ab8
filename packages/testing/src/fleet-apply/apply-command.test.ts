/** `tideline-sync apply`, `rollback` and `pin` as processes, on a machine without a ledger. */
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { mountTmpfs } from "../mount-tmpfs.js";
import { ApplyRig } from "./apply-rig.js";

let rig: ApplyRig;
beforeEach(async () => {
  rig = await ApplyRig.start();
});
afterEach(() => rig.close());

describe("tideline-sync apply", () => {
  test("installs the newest signed release of what is named, and nothing else", async () => {
    rig.publish("nats", 2);
    rig.publish("arc", 2);
    const { code, json } = await rig.run(["apply", "nats", "--json"]);
    expect(code).toBe(0);
    expect(json).toMatchObject({
      dryRun: false,
      subsystems: [{ name: "nats", state: "committed", from: "1.0.1", version: "1.0.2", seq: 2 }],
    });
    expect(await rig.version("nats")).toBe("1.0.2");
    expect(await rig.starts()).toEqual(["1.0.1", "1.0.2"]);
    expect(await rig.version("arc")).toBe("1.0.1");
    expect(rig.host.downloads().every(({ path }) => path.includes("nats"))).toBe(true);
  });

  test("without a name goes through all of them, and says a line for each", async () => {
    rig.publish("nats", 2);
    const first = await rig.run(["apply"]);
    expect(first.text).toContain("nats: 1.0.2 runs, in place of 1.0.1");
    expect(first.text).toContain("arc: 1.0.1 stays; no release of it was found");
    const second = await rig.run(["apply"]);
    expect(second.code).toBe(0);
    expect(second.text).toContain("nats: 1.0.2 runs, and that is what it should");
    expect(await rig.starts()).toEqual(["1.0.1", "1.0.2"]);
  });

  test("ends with 1 when a version was not well, with 3 when a rule forbids it, with the next step", async () => {
    rig.publish("nats", 2, { variant: "crash-at-start" });
    const failed = await rig.run(["apply", "nats", "--json"]);
    expect(failed.code).toBe(1);
    expect(failed.json).toMatchObject({
      subsystems: [{ state: "rolled-back", restored: "1.0.1", nextStep: expect.any(String) }],
    });
    const denied = await rig.run(["apply", "nats", "--json"]);
    expect(denied.code).toBe(3);
    expect(denied.json).toMatchObject({ subsystems: [{ state: "refused", reason: "DENIED" }] });
    expect(await rig.version("nats")).toBe("1.0.1");
  });

  test("says of a first installation that was not well that nothing is installed", async () => {
    await rm(dirname(rig.binary("nats")), { recursive: true });
    rig.publish("nats", 2, { variant: "crash-at-start" });
    const { code, text } = await rig.run(["apply", "nats"]);
    expect(code).toBe(1);
    expect(text).toContain("nats: 1.0.2 was not well and was taken away; nothing is installed. ");
  });

  test("leaves a major version to a person, and installs it once that was approved", async () => {
    rig.publish("nats", 2, { version: "2.0.0", updateClass: "major" });
    const waiting = await rig.run(["apply", "nats", "--json"]);
    expect(waiting.code).toBe(3);
    expect(waiting.json).toMatchObject({ subsystems: [{ reason: "WAITING_FOR_APPROVAL" }] });
    // Without a name it is a machine's routine, and what waits is no failure of that.
    expect((await rig.run(["apply"])).code).toBe(0);
    expect((await rig.run(["approve", "nats"])).code).toBe(0);
    expect((await rig.run(["apply", "nats"])).code).toBe(0);
    expect(await rig.version("nats")).toBe("2.0.0");
  });

  test("--dry-run knows a supervisor that is away, as the command does", async () => {
    const away = {
      kind: "built-in",
      socket: "nobody.sock",
      services: { nats: { command: ["a"] } },
    };
    await rig.configure({ supervisor: away });
    rig.publish("nats", 2);
    const row = { name: "nats", state: "refused", reason: "SUPERVISOR_UNREACHABLE" };
    for (const args of [["--dry-run"], []]) {
      const { code, json } = await rig.run(["apply", "nats", "--json", ...args]);
      expect(code).toBe(3);
      expect(json).toMatchObject({ subsystems: [row] });
    }
  });

  test("of what is current, and nobody can tell how it runs, ends with 1 if it is named", async () => {
    rig.publish("nats", 2);
    expect((await rig.run(["apply", "nats"])).code).toBe(0);
    const away = {
      kind: "built-in",
      socket: "nobody.sock",
      services: { nats: { command: ["a"] } },
    };
    await rig.configure({ supervisor: away });
    const row = { name: "nats", state: "current", reason: "SUPERVISOR_UNREACHABLE" };
    const { code, json } = await rig.run(["apply", "nats", "--json"]);
    expect(code).toBe(1);
    expect(json).toMatchObject({ subsystems: [row] });
    expect((await rig.run(["apply"])).code).toBe(0);
  });

  test("a folder in the place of a binary stops that subsystem alone", async () => {
    rig.publish("nats", 2);
    await rm(rig.binary("arc"));
    await mkdir(rig.binary("arc"));
    const { code, json } = await rig.run(["apply", "--json"]);
    expect(code).toBe(1);
    expect(json).toMatchObject({
      subsystems: [
        { name: "nats", state: "committed" },
        { name: "arc", state: "failed", detail: expect.stringContaining("got a folder") },
      ],
    });
  });

  test("a binary that was removed is not installed, whatever its .version says", async () => {
    rig.publish("nats", 2);
    await rm(rig.binary("nats"));
    expect((await rig.run(["check", "nats", "--json"])).json).toMatchObject({
      nats: { current: null, latest: "v1.0.2", state: "not-installed", update_available: true },
    });
    expect((await rig.run(["apply", "nats"])).code).toBe(0);
    expect(await rig.version("nats")).toBe("1.0.2");
  });

  test("outside the window waits, and goes with --now", async () => {
    const hour = (more: number) => String((new Date().getHours() + more) % 24).padStart(2, "0");
    await rig.configure({}, { window: `${hour(3)}:00-${hour(5)}:00` });
    rig.publish("nats", 2);
    const { json } = await rig.run(["apply", "nats", "--json"]);
    expect(json).toMatchObject({
      subsystems: [{ reason: "OUTSIDE_WINDOW", until: expect.any(Number) }],
    });
    expect((await rig.run(["apply", "nats", "--now"])).code).toBe(0);
    expect(await rig.version("nats")).toBe("1.0.2");
  });

  test("does not touch a binary that nobody knows until it is told to adopt it", async () => {
    rig.publish("nats", 2);
    await writeFile(join(dirname(rig.binary("nats")), ".version"), "mine\n");
    const refused = await rig.run(["apply", "nats"]);
    expect(refused.code).toBe(3);
    expect(refused.text).toContain("--adopt");
    expect(refused.text).toContain("UNKNOWN_BINARY");
    expect(refused.text).toContain("`tideline-sync apply nats --replace`");
    const adopted = await rig.run(["apply", "nats", "--adopt"]);
    expect(adopted.code).toBe(0);
    expect(adopted.text).toContain("1.0.2 runs, the binary with sha256 ");
    expect(adopted.text).toContain("1.0.2 runs, in place of a binary without a version (sha256 ");
    expect(await rig.version("nats")).toBe("1.0.2");
  });

  test("installs the release over a binary that somebody replaced when it is told to replace it", async () => {
    await rig.run(["apply"]);
    rig.publish("arc", 1);
    await writeFile(rig.binary("arc"), "#!/bin/sh\necho mine\n");
    const refused = await rig.run(["apply", "arc"]);
    expect(refused.code).toBe(3);
    expect(refused.text).toContain("DRIFTED");
    expect(refused.text).toContain("--adopt");
    expect((await rig.run(["check", "arc"])).text).toContain("`tideline-sync apply arc --replace`");
    const replaced = await rig.run(["apply", "arc", "--replace", "--json"]);
    expect(replaced.code).toBe(0);
    expect(replaced.json).toMatchObject({ subsystems: [{ state: "committed", seq: 1 }] });
    const [kept = ""] = await readdir(join(dirname(rig.binary("arc")), ".foreign"));
    expect(kept).toMatch(/^arc-[0-9a-f]{64}$/);
    expect((await rig.run(["apply", "--replace"])).code).toBe(2);
    expect((await rig.run(["apply", "arc", "--replace", "--adopt"])).code).toBe(2);
  });

  test("without trusted roots is refused, and that is said once", async () => {
    for (const seq of [2, 3, 4]) rig.publish("nats", seq);
    await rig.configure({ trust: { roots: [], threshold: 1 } });
    for (const command of [["apply", "--dry-run"], ["apply"], ["check"], ["status"]]) {
      const { code, text } = await rig.run(command);
      expect({ command, code }).toEqual({ command, code: 3 });
      expect(text.match(/NO_TRUSTED_ROOTS/g), text).toHaveLength(1);
      expect(text).toContain("Put the fleet's root keys under `trust.roots`");
    }
    expect((await rig.run(["apply", "--json"])).json).toMatchObject({
      error: { reason: "NO_TRUSTED_ROOTS" },
    });
  });

  test("and status and check say that the service of what is current does not run", async () => {
    rig.publish("nats", 2);
    expect((await rig.run(["apply", "nats"])).code).toBe(0);
    await writeFile(rig.binary("nats"), "#!/bin/sh\nexit 3\n");
    await rig.recordLive("nats", { version: "1.0.2", seq: 2 });
    await rig.endService("nats");
    const applied = await rig.run(["apply", "nats", "--json"]);
    expect(applied.code).toBe(1);
    const reason = expect.stringMatching(/^(NOT_RUNNING|FLAPPING)$/);
    expect(applied.json).toMatchObject({ subsystems: [{ state: "not-running", reason }] });
    expect((await rig.run(["check", "nats", "--json"])).json).toMatchObject({ nats: { reason } });
    expect((await rig.run(["status"])).text).toMatch(/service: (NOT_RUNNING|FLAPPING): "nats" /);
    await rig.stopServices();
    expect((await rig.run(["status"])).text).toContain("service: SUPERVISOR_UNREACHABLE");
  });

  test("what somebody rejected stays rejected, and says so, until it is approved", async () => {
    rig.publish("nats", 2, { version: "2.0.0", updateClass: "major" });
    await rig.run(["apply"]);
    expect((await rig.run(["approve", "nats", "--reject"])).code).toBe(0);
    const rejected = await rig.run(["apply", "nats"]);
    expect(rejected.code).toBe(3);
    expect(rejected.text).toContain("REJECTED");
    expect(rejected.text).toContain("`tideline-sync approve nats --here`");
    expect((await rig.run(["check", "nats", "--json"])).json).toMatchObject({
      nats: { reason: "REJECTED" },
    });
    await rig.run(["approve", "nats", "--here"]);
    expect((await rig.run(["apply", "nats"])).code).toBe(0);
  });

  test("shows an example in its help", async () => {
    for (const command of ["apply", "rollback", "pin"]) {
      const { code, text } = await rig.run([command, "--help"]);
      expect(code).toBe(0);
      expect(text).toContain(`tideline-sync ${command}`);
    }
  });
});

describe("Show 8: tideline-sync rollback", () => {
  test("goes back without any network and pins; updates come again after pin --remove", async () => {
    rig.publish("nats", 2);
    await rig.run(["apply", "nats"]);
    const asked = rig.host.requests.length;
    const back = await rig.run(["rollback", "nats", "--json"]);
    expect(back.code).toBe(0);
    expect(back.json).toMatchObject({ state: "rolled-back", restored: "1.0.1" });
    expect(rig.host.requests).toHaveLength(asked);
    expect(await rig.version("nats")).toBe("1.0.1");
    expect(await rig.starts()).toEqual(["1.0.1", "1.0.2", "1.0.1"]);
    const { json } = await rig.run(["pin", "--list", "--json"]);
    expect(json).toMatchObject({ pins: { nats: { why: "rollback", version: "1.0.1" } } });
  });

  test("the next automatic update leaves it alone until it is unpinned", async () => {
    rig.publish("nats", 2);
    await rig.run(["apply"]);
    await rig.run(["rollback", "nats"]);
    rig.publish("nats", 3);
    const left = await rig.run(["apply", "--json"]);
    expect(left.code).toBe(0);
    expect(left.json).toMatchObject({ subsystems: [{ state: "waiting", reason: "PINNED" }, {}] });
    expect((await rig.run(["apply", "nats"])).code).toBe(3);
    expect(await rig.version("nats")).toBe("1.0.1");
    expect((await rig.run(["pin", "nats", "--remove"])).text).toContain("come through again");
    expect((await rig.run(["apply"])).code).toBe(0);
    expect(await rig.version("nats")).toBe("1.0.3");
  });

  test("with nothing to go back to is refused", async () => {
    const { code, json } = await rig.run(["rollback", "nats", "--json"]);
    expect(code).toBe(3);
    expect(json).toMatchObject({ error: { reason: "NO_PREVIOUS" } });
  });
});

test("check calls nothing current that nobody knows, has released, or can look up", async () => {
  const { json } = await rig.run(["check", "--json"]);
  expect(json).toMatchObject({ arc: { state: "unknown", update_available: false } });
  await writeFile(join(dirname(rig.binary("arc")), ".version"), "mine\n");
  const foreign = await rig.run(["check", "arc", "--json"]);
  expect(foreign.json).toMatchObject({ arc: { state: "refused", reason: "UNKNOWN_BINARY" } });
  await rig.configure({ releases: null });
  const alone = await rig.run(["check", "nats"]);
  expect(alone.code).toBe(0);
  expect(alone.text).toMatch(/^nats +1\.0\.1 +unknown: NO_RELEASE_HOST: it has no upstream/);
});

test("a state folder without one free byte is DISK_FULL, with what could not be written and what to do", async (context) => {
  rig.publish("nats", 2);
  await rig.run(["apply", "nats"]);
  rig.publish("nats", 3);
  const state = join(rig.folder, "state");
  const disk = await mountTmpfs(state, "size=32k", "commands on a full disk");
  if (disk === null) return context.skip();
  try {
    await rig.configure({ state: "state" });
    const filling = writeFile(join(state, "filling"), Buffer.alloc(64 * 1024));
    await expect(filling).rejects.toMatchObject({ code: "ENOSPC" });
    for (const command of ["check", "pin", "rollback", "apply"]) {
      const { code, text } = await rig.run([command, "nats"]);
      expect({ command, code, text }).toMatchObject({
        ...{ command, code: 3 },
        text: expect.stringMatching(
          /Cannot [^:]* "\/.*\/state\/.*": expected free space, got "ENOSPC"/,
        ),
      });
      expect(text).toContain("DISK_FULL: Free space on the disk");
    }
    expect(await rig.version("nats")).toBe("1.0.2");
  } finally {
    await disk.unmount();
  }
});

test("a name that nobody has configured is a mistake of the command line, with the nearest one", async () => {
  for (const command of [
    ...[["apply"], ["check"], ["pin"], ["rollback"], ["verify"], ["build"], ["approve"]],
    ...[["publish"], ["rollout", "pause"]],
  ]) {
    const { code, text, json } = await rig.run([...command, "nast", "--json"]);
    expect({ command, code }).toEqual({ command, code: 2 });
    expect(json).toMatchObject({ error: { reason: "USAGE" } });
    expect(text).toContain('expected one of nats, arc, got "nast"; did you mean "nats"?');
  }
});

describe("tideline-sync pin", () => {
  test("keeps a subsystem as it is, until it is removed", async () => {
    rig.publish("nats", 2);
    expect((await rig.run(["pin", "nats"])).text).toContain("nats stays at 1.0.1");
    expect((await rig.run(["apply", "nats", "--json"])).json).toMatchObject({
      subsystems: [{ reason: "PINNED" }],
    });
    expect((await rig.run(["pin"])).text).toMatch(/nats stays at 1\.0\.1, on request, since 20/);
    expect((await rig.run(["pin", "nats", "--remove", "--json"])).json).toMatchObject({
      wasPinned: true,
    });
    expect((await rig.run(["pin"])).text).toContain("Nothing is pinned");
    expect((await rig.run(["pin", "--remove"])).code).toBe(2);
  });
});
