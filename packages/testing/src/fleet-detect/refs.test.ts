/** The client of git's protocol beside git itself, and what a hostile server may send. */
import { connectRemote, listRefs, SyncError } from "@tideline/fleet";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { HostedGit } from "../git-host-rig/index.js";
import { DetectRig } from "./detect-rig.js";

let rig: DetectRig;
beforeEach(async () => {
  rig = await DetectRig.start();
});
afterEach(() => rig.close());

const list = async (url: string, prefixes = ["refs/"]) =>
  await listRefs(await connectRemote(url, rig.world()), prefixes, rig.world());

async function asGitSays({ bare }: HostedGit): Promise<string[]> {
  const format =
    "%(refname) %(objectname) %(if)%(*objectname)%(then)%(*objectname)%(else)%(objectname)%(end)";
  return (await bare.git("for-each-ref", `--format=${format}`)).split("\n").filter(Boolean);
}

describe("listRefs()", () => {
  for (const objectFormat of ["sha1", "sha256"] as const) {
    for (const protocol of [1, 2]) {
      test(`lists what git lists, in ${objectFormat} by protocol ${protocol}`, async () => {
        if (protocol === 1) rig.git.fail({ kind: "v1" });
        const repository = await rig.git.addRepository("r", { objectFormat });
        expect(await list(repository.url)).toEqual([]);
        await repository.commit("one");
        await repository.tag("light");
        await repository.tag("v1.0.0", { isAnnotated: true });
        await repository.commit("two");
        await repository.tag("ä/ö", { isAnnotated: true });
        const listed = await list(repository.url);
        expect(listed.map(({ name, oid, commit }) => `${name} ${oid} ${commit}`)).toEqual(
          await asGitSays(repository),
        );
        const one = await list(repository.url, ["refs/tags/v"]);
        expect(one.map(({ name }) => name)).toEqual(["refs/tags/v1.0.0"]);
      });
    }
  }

  const OID = "1".repeat(40);
  const line = (text: string) => `${(text.length + 5).toString(16).padStart(4, "0")}${text}\n`;
  test.each([
    ["an oid that is none", line("123 refs/tags/v1")],
    ["a name that is no ref", line(`${OID} ../../etc/passwd`)],
    ["the same ref twice", line(`${OID} refs/tags/v1`).repeat(2)],
    ["a peeled oid of another length", line(`${OID} refs/tags/v1 peeled:${"1".repeat(64)}`)],
    ["a flush among the refs", `${line(`${OID} refs/tags/v1`)}0000`],
    ["no refs but words", line("hello world")],
  ])("refuses %s", async (_, lines) => {
    const { url } = await rig.git.addRepository("r");
    rig.git.fail({ kind: "bytes", on: "post", bytes: Buffer.from(`${lines}0000`) });
    const error = await list(url).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(SyncError);
    expect(error).toMatchObject({ reason: "REMOTE_NOT_GIT" });
  });

  test("stops at 16 MiB", async () => {
    const { url } = await rig.git.addRepository("r");
    const many = line(`${OID} refs/tags/v1`).repeat(320_000);
    rig.git.fail({ kind: "bytes", on: "post", bytes: Buffer.from(`${many}0000`) });
    await expect(list(url)).rejects.toMatchObject({ reason: "LISTING_TOO_LARGE" });
  });

  test("shows a token only where it is asked for, and not where a redirect leads", async () => {
    const [asked, other] = [await rig.git.addRepository("asked"), await DetectRig.start()];
    const moved = await other.git.addRepository("moved");
    await moved.commit("one");
    const world = rig.world({ tokenFor: () => "a-token" });
    await connectRemote(asked.url, world);
    rig.git.fail({ kind: "status", status: 401, repository: "asked", times: 1 });
    await connectRemote(asked.url, world);
    const shown = rig.git.requests.map(({ headers }) => headers.authorization);
    const credentials = Buffer.from("x-access-token:a-token").toString("base64");
    expect(shown).toEqual([undefined, undefined, `Basic ${credentials}`]);
    rig.git.fail({ kind: "status", status: 401, repository: "asked", times: 1 });
    rig.git.fail({ kind: "redirect", status: 302, to: moved.url, repository: "asked" });
    const remote = await connectRemote(asked.url, world);
    await listRefs(remote, ["refs/"], world);
    expect(other.git.requests.map(({ headers }) => headers.authorization)).toEqual([
      undefined,
      undefined,
    ]);
    await other.close();
  });
});
