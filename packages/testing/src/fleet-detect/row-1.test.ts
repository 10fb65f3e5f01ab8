/** Row 1: a listing that is not whole is an error, and never an older latest. */
import { connectRemote, listRefs } from "@tideline/fleet";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { GitFault, GitFaultKind, HostedGit } from "../git-host-rig/index.js";
import { seededRandom } from "../interleavings/random.js";
import { type CutServer, recordListings, startCutServer } from "./cut-server.js";
import { DetectRig } from "./detect-rig.js";

let rig: DetectRig;
let nats: HostedGit;
let commit: string;
beforeAll(async () => {
  rig = await DetectRig.start();
  nats = await rig.git.addRepository("nats");
  commit = await nats.commit("one");
  for (const name of ["v2.10.23", "v2.10.24"]) await nats.tag(name);
  await nats.commit("two");
  await nats.tag("v2.10.25", { isAnnotated: true });
  await rig.configure("nats", [nats.url]);
  await rig.install("nats", { version: "2.10.24", commit });
});
afterAll(() => rig.close());

async function refusedWith(fault: GitFault): Promise<string | null> {
  const undo = rig.git.fail(fault);
  try {
    return await rig.refusal("nats");
  } finally {
    undo();
  }
}

describe("row 1: a listing that is not whole", () => {
  test("row 1: the whole one says what the latest is", async () => {
    const check = await rig.check("nats");
    expect(check).toMatchObject({
      state: "update-available",
      isAvailable: true,
      currentTag: "v2.10.24",
      latest: { tag: "v2.10.25", commit: await nats.work.git("rev-parse", "v2.10.25^{commit}") },
    });
  });

  const CASES: readonly [GitFaultKind, string][] = [
    [{ kind: "no-flush" }, "LISTING_INCOMPLETE"],
    [{ kind: "empty" }, "LISTING_INCOMPLETE"],
    [{ kind: "html" }, "REMOTE_NOT_GIT"],
    [{ kind: "bytes", bytes: Buffer.from("<html>Sign in</html>") }, "REMOTE_NOT_GIT"],
    [{ kind: "status", status: 401 }, "REMOTE_UNAUTHORIZED"],
    [{ kind: "status", status: 403 }, "REMOTE_UNAUTHORIZED"],
    [{ kind: "status", status: 404 }, "REMOTE_NOT_FOUND"],
    [{ kind: "status", status: 429 }, "RATE_LIMITED"],
    [{ kind: "status", status: 503 }, "REMOTE_UNAVAILABLE"],
  ];
  for (const on of ["advertise", "post"] as const) {
    for (const [fault, reason] of CASES) {
      const name = fault.kind === "status" ? `status ${fault.status}` : fault.kind;
      test(`row 1: ${name} of the ${on} request is ${reason}, and the manifest stays`, async () => {
        await rig.check("nats");
        const before = await rig.manifest();
        expect(await refusedWith({ ...fault, on })).toBe(reason);
        expect(await rig.manifest()).toBe(before);
      });
    }

    test(`row 1: the ${on} answer cut at each twentieth is an error, in each of three ways`, async () => {
      await rig.check("nats");
      const before = await rig.manifest();
      const length = on === "advertise" ? 150 : 200;
      const reasons = new Set<string | null>();
      for (let twentieth = 0; twentieth < 20; twentieth += 1) {
        const at = Math.floor((length * twentieth) / 20);
        for (const kind of ["cut", "close", "shorten"] as const) {
          reasons.add(await refusedWith({ kind, at, on }));
        }
      }
      expect([...reasons]).toEqual(["LISTING_INCOMPLETE"]);
      expect(await rig.manifest()).toBe(before);
    });

    test(`row 1: a ${on} request that nobody answers, or not to the end, times out`, async () => {
      rig.timeoutMs = 300;
      expect(await refusedWith({ kind: "hang", on })).toBe("REMOTE_TIMED_OUT");
      expect(await refusedWith({ kind: "stall", at: 40, on })).toBe("REMOTE_TIMED_OUT");
      rig.timeoutMs = 10_000;
    });
  }

  for (const status of [301, 302, 303, 307, 308] as const) {
    test(`row 1: a repository that moved with ${status} is listed where it is now`, async () => {
      const undo = rig.git.fail({ kind: "redirect", status, to: nats.url, repository: "old" });
      const remote = await connectRemote(`${rig.git.url}/old.git`, rig.world());
      const refs = await listRefs(remote, ["refs/tags/v"], rig.world());
      undo();
      expect([remote.base.href, refs.length]).toEqual([nats.url, 3]);
    });
  }

  test("row 1: redirects in a circle, to a page and to an unsafe address are refused", async () => {
    const away = (to: string): GitFault => ({ kind: "redirect", status: 302, to });
    expect(await refusedWith(away(nats.url))).toBe("REMOTE_UNUSABLE");
    expect(await refusedWith(away("http://example.com/nats.git"))).toBe("REMOTE_UNUSABLE");
    expect(await refusedWith(away("file:///nats.git"))).toBe("REMOTE_UNUSABLE");
    expect(await refusedWith(away(`${rig.git.url}/sign-in?from=`))).toBe("REMOTE_NOT_GIT");
    expect(await refusedWith({ ...away(nats.url), on: "post" })).toBe("REMOTE_NOT_GIT");
  });

  test("row 1: a server that is not there is REMOTE_UNREACHABLE", async () => {
    const gone = await DetectRig.start();
    await gone.configure("nats", [`${gone.git.url}/nats.git`]);
    await gone.git.close();
    expect(await gone.refusal("nats")).toBe("REMOTE_UNREACHABLE");
    expect(await gone.manifest()).toBe("");
  });
});

describe("a server without protocol 2", () => {
  test("is read in full, peeled tags included", async () => {
    const undo = rig.git.fail({ kind: "v1" });
    const check = await rig.check("nats");
    undo();
    const peeled = await nats.work.git("rev-parse", "v2.10.25^{commit}");
    expect(check.latest).toMatchObject({ tag: "v2.10.25", commit: peeled });
  });

  test("row 1: is refused when its listing is cut at any byte, or after the service's name", async () => {
    const reasons = new Set<string | null>();
    const whole = (await oldListing()).length;
    for (let at = 0; at < whole; at += 7) {
      reasons.add(await refusedByOld({ kind: "shorten", at }));
    }
    reasons.add(
      await refusedByOld({ kind: "shorten", at: "001e# service=git-upload-pack\n0000".length }),
    );
    reasons.add(await refusedByOld({ kind: "no-flush" }));
    expect([...reasons]).toEqual(["LISTING_INCOMPLETE"]);
  });

  async function refusedByOld(fault: GitFaultKind): Promise<string | null> {
    const undo = rig.git.fail({ kind: "v1" });
    const reason = await refusedWith({ ...fault, on: "advertise" });
    undo();
    return reason;
  }

  async function oldListing(): Promise<Buffer> {
    const answer = await fetch(`${nats.url}/info/refs?service=git-upload-pack`);
    return Buffer.from(await answer.arrayBuffer());
  }
});

describe("20,000 refs", () => {
  const REFS = 20_000;
  let many: HostedGit;
  let listings: { readonly v1: Buffer; readonly v2: Buffer };
  let server: CutServer;
  beforeAll(async () => {
    server = await startCutServer();
    many = await rig.git.addRepository("many");
    await many.addManyTags(REFS, await many.commit("one"));
    listings = await recordListings(many.url);
  });
  afterAll(() => server.close());

  test("one of them takes less than 1 kB from the remote, heads of the answers included", async () => {
    const before = rig.git.wireBytes();
    const remote = await connectRemote(many.url, rig.world());
    const refs = await listRefs(remote, ["refs/heads/main"], rig.world());
    const after = rig.git.wireBytes();
    const [sent, received] = [after.sent - before.sent, after.received - before.received];
    console.log(`one ref of ${REFS + 1}: ${sent} bytes from the remote, ${received} to it`);
    expect(refs.map(({ name }) => name)).toEqual(["refs/heads/main"]);
    expect(sent).toBeLessThan(1000);
    expect(received).toBeLessThan(1000);
  });

  test("row 1: 1,000 random truncations give 1,000 errors and no wrong latest", async () => {
    const seed = 20_261;
    console.log(`seed ${seed}`);
    const random = seededRandom(seed);
    await rig.configure("many", [`${server.url}/many.git`]);
    const before = await rig.manifest();
    const reasons = new Map<string | null, number>();
    for (let run = 0; run < 1000; run += 1) {
      const isOld = run % 4 === 0;
      const whole = isOld ? listings.v1 : listings.v2;
      const part = whole.subarray(0, random.whole(whole.length));
      const kind = random.pick(["cut", "close", "shorten"] as const);
      server.next = { part, length: whole.length, kind, isOld };
      const reason = await rig.refusal("many");
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    }
    expect([...reasons]).toEqual([["LISTING_INCOMPLETE", 1000]]);
    expect(await rig.manifest()).toBe(before);
    for (const isOld of [true, false]) {
      const part = isOld ? listings.v1 : listings.v2;
      server.next = { part, length: part.length, kind: "shorten", isOld };
      expect((await rig.check("many")).latest?.tag).toBe(`v0.0.${REFS - 1}`);
    }
  }, 60_000);
});
