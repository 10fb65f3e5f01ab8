import {
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  unlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SignedFleet } from "@tideline/testing/signed-fleet";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { formatTrustCopy } from "./trust-copy.js";
import { advanceTrust, EMPTY_TRUST, trustOf } from "./trust-state.js";
import { TrustStore } from "./trust-store.js";
import { verifyRelease } from "./verify-release.js";

const FILES = ["trust-1.json", "trust-2.json"];
const fleet = new SignedFleet();
const release = (seq: number, subsystem = "nats") =>
  fleet.sign(fleet.manifest({ seq, subsystem, version: `2.10.${seq}` }));

describe("TrustStore", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "tideline-trust-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const open = (floor: Readonly<Record<string, number>> = {}) =>
    TrustStore.open(folder, { floor: async () => floor });
  const seqs = async (floor?: Readonly<Record<string, number>>) =>
    Object.fromEntries(
      Object.entries((await open(floor)).state.subsystems).map(([name, { seq }]) => [name, seq]),
    );

  test("remembers what it was told, and opens no file to others", async () => {
    const store = await open();
    await store.advance(release(7));
    await store.advance(release(3, "arc"));
    expect(await seqs()).toEqual({ arc: 3, nats: 7 });
    expect((await open()).state).toEqual(store.state);
    expect((await readdir(folder)).sort()).toEqual(["locks", ...FILES]);
    for (const name of FILES) {
      expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
    }
    expect((await stat(join(folder, "locks"))).mode & 0o777).toBe(0o700);
  });

  test("an older release changes nothing", async () => {
    const store = await open();
    await store.advance(release(7));
    const { state } = store;
    await store.advance(release(6));
    expect(trustOf(store.state, "nats")).toEqual(trustOf(state, "nats"));
  });

  test("two processes that write at the same time lose nothing of each other's", async () => {
    const [a, b] = [await open(), await open()];
    await a.advance(release(7));
    await b.advance(release(3, "arc"));
    await Promise.all([a.advance(release(8)), a.advance(release(9))]);
    await b.advance(release(2, "nats"));
    expect(await seqs()).toEqual({ arc: 3, nats: 9 });
    expect(trustOf(b.state, "nats").seq).toBe(9);
  });

  test("two that write at the very same moment lose nothing of each other's, in any of 20 rounds", async () => {
    for (let seq = 1; seq <= 20; seq++) {
      const [a, b] = [await open(), await open()];
      await Promise.all([a.advance(release(seq)), b.advance(release(seq, "arc"))]);
      expect(await seqs()).toEqual({ arc: seq, nats: seq });
    }
  });

  test.each([1, 2])(
    "row 13: copy %i torn at any byte is told by its checksum, and nothing is lost",
    async (n) => {
      const store = await open();
      for (const seq of [5, 6, 7]) await store.advance(release(seq));
      const path = join(folder, `trust-${n}.json`);
      const whole = await readFile(path);
      for (let length = 0; length < whole.length - 1; length += 7) {
        await writeFile(path, whole.subarray(0, length));
        const torn = await open();
        expect(torn.damage).toHaveLength(1);
        expect(torn.state).toEqual(store.state);
      }
    },
  );

  test("row 13: a crash between the two copies leaves what was known before or after", async () => {
    const store = await open();
    await store.advance(release(6));
    const before = await readFile(join(folder, "trust-1.json"));
    await store.advance(release(7));
    for (const n of [1, 2]) {
      const path = join(folder, `trust-${n}.json`);
      const after = await readFile(path);
      await writeFile(path, before);
      expect(await seqs()).toEqual({ nats: 7 });
      expect((await open()).damage).toEqual([]);
      await writeFile(path, after);
    }
  });

  test("row 13: a state file in which somebody has lowered a number is not believed", async () => {
    const store = await open();
    for (const seq of [5, 6]) await store.advance(release(seq));
    for (const n of [1, 2]) {
      const path = join(folder, `trust-${n}.json`);
      await writeFile(path, (await readFile(path, "utf8")).replace(/"seq": \d+/, '"seq": 1'));
    }
    const opened = await open({ nats: 6 });
    expect(opened.damage).toEqual([
      expect.stringMatching(/^trust-1.json: .*checksum/),
      expect.stringMatching(/^trust-2.json: .*checksum/),
    ]);
    expect(trustOf(opened.state, "nats").seq).toBe(6);
  });

  test("row 13: without its files it believes nothing older than the binaries on disk", async () => {
    const store = await open();
    await store.advance(release(7));
    for (const name of FILES) await unlink(join(folder, name));
    const opened = await open({ nats: 6, arc: 2 });
    expect(opened.damage).toHaveLength(2);
    const refuse = (seq: number) => () =>
      verifyRelease(release(seq), fleet.verifyOptions({ state: opened.state }));
    expect(refuse(5)).toThrow("expected seq 6 or higher, got 5");
    expect(refuse(6)).not.toThrow();
    expect(await seqs({ nats: 6, arc: 2 })).toEqual({ arc: 2, nats: 6 });
  });

  test("row 13: torn in both copies it starts as without them, and is whole again after one release", async () => {
    const store = await open();
    for (const seq of [6, 7]) await store.advance(release(seq));
    for (const n of [1, 2]) await truncate(join(folder, `trust-${n}.json`), 20);
    const opened = await open({ nats: 7 });
    expect(trustOf(opened.state, "nats")).toEqual({ seq: 7, manifest: null, tags: {} });
    await opened.advance(release(8));
    expect((await open()).damage).toEqual([]);
    expect(await seqs()).toEqual({ nats: 8 });
  });

  test("row 13: a state from the future is kept, and what is served now is refused", async () => {
    const keyset = fleet.signKeyset({ version: 9 });
    const future = advanceTrust(EMPTY_TRUST, fleet.sign(fleet.manifest({ seq: 900 }), { keyset }));
    await writeFile(join(folder, "trust-1.json"), formatTrustCopy({ counter: 41, state: future }));
    const store = await open({ nats: 7 });
    expect(store.state).toMatchObject({ keysetVersion: 9, subsystems: { nats: { seq: 900 } } });
    const verify = (seq: number, version: number) => () =>
      verifyRelease(
        fleet.sign(fleet.manifest({ seq }), { keyset: fleet.signKeyset({ version }) }),
        fleet.verifyOptions({ state: store.state }),
      );
    expect(verify(8, 9)).toThrow("expected seq 900 or higher, got 8");
    expect(verify(901, 8)).toThrow("expected version 9 or higher, got 8");
    expect(verify(901, 9)).not.toThrow();
    await store.advance(release(8));
    expect(await seqs()).toEqual({ nats: 900 });
  });

  test("the floor is asked only when a copy is not whole, and nonsense in it is left out", async () => {
    const store = await open({ nats: Number.NaN, arc: -1, telegraf: 2 ** 40, liftbridge: 4 });
    expect(Object.keys(store.state.subsystems)).toEqual(["liftbridge"]);
    await store.advance(release(7));
    let asked = 0;
    const floor = async () => {
      asked += 1;
      return {};
    };
    await TrustStore.open(folder, { floor });
    expect(asked).toBe(0);
  });

  test("of many tags the newest 64 are remembered", () => {
    const url = "https://github.com/nats-io/nats-server";
    let state = EMPTY_TRUST;
    for (let seq = 1; seq <= 70; seq++) {
      const upstream = { url, tag: `v${seq}`, oid: "a".repeat(40) };
      state = advanceTrust(state, fleet.sign(fleet.manifest({ seq, upstream })));
    }
    const tags = Object.keys(trustOf(state, "nats").tags);
    expect(tags).toHaveLength(64);
    expect(tags.at(-1)).toBe(`${url} v70`);
  });
});
