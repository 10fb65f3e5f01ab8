import type { DeployedInputs } from "@tideline/version";
import { describe, expect, test } from "vitest";
import type { LedgerClient } from "./ledger-client.js";
import { commitOf, failure, Rig, TOKEN } from "./rig.js";

/** The digest of the image with this letter. */
function imageOf(letter: string): string {
  return `sha256:${commitOf(letter)}${"0".repeat(24)}`;
}

/** What a plan learns: which inputs are live, and which were. */
export function inputsSuite(getClient: () => LedgerClient): void {
  const rig = () => new Rig(getClient());

  /** A record of the build with this letter from the inputs with the same, with an image. */
  const built = (letter: string) => ({
    inputsId: `inputs-${letter}`,
    imageDigest: imageOf(letter),
  });

  describe("findDeployedInputs", () => {
    test("a service that nothing was recorded for has neither", async () => {
      const r = rig();
      expect(await r.inputs("a")).toEqual({ appName: r.appName, live: null, known: null });
    });

    test("what is live is told with its inputs, its image and its hold", async () => {
      const r = rig();
      await r.record("a", { ...built("a"), gitTag: "v1.0.0" });
      const { hold } = await r.hold("incident");
      expect(await r.inputs("b")).toEqual({
        appName: r.appName,
        live: {
          version: "1.0.0-a",
          buildId: "build-a",
          gitCommit: commitOf("a"),
          gitTag: "v1.0.0",
          inputsId: "inputs-a",
          imageDigest: imageOf("a"),
          epoch: 1,
          deployedAt: expect.any(Number),
          hold,
        },
        known: null,
      });
    });

    test("a record without inputs leaves them unknown", async () => {
      const r = rig();
      await r.record("a");
      expect((await r.inputs("a")).live).toMatchObject({
        gitTag: null,
        inputsId: null,
        imageDigest: null,
        hold: null,
      });
    });

    test("a redeploy that does not repeat them keeps what its build came with", async () => {
      const r = rig();
      await r.record("a", built("a"));
      await r.record("a");
      expect((await r.inputs("a")).live).toMatchObject(built("a"));
    });

    test("inputs that were live before are known by the build they gave", async () => {
      const r = rig();
      await r.record("a", built("a"));
      await r.record("b", built("b"));
      expect(await r.inputs("a")).toMatchObject({
        live: { buildId: "build-b", inputsId: "inputs-b" },
        known: {
          environment: "production",
          version: "1.0.0-a",
          buildId: "build-a",
          gitCommit: commitOf("a"),
          imageDigest: imageOf("a"),
        },
      });
    });

    test("several inputs that gave one build are all known", async () => {
      const r = rig();
      await r.record("a", { inputsId: "inputs-a" });
      await r.record("a", { inputsId: "inputs-b", gitCommit: commitOf("b") });
      const known = { buildId: "build-a" };
      expect([await r.inputs("a"), await r.inputs("b")]).toMatchObject([{ known }, { known }]);
    });

    test("one's inputs that gave several builds are known by the newest, and by its image alone", async () => {
      const r = rig();
      await r.record("a", built("a"));
      await r.record("b", { inputsId: "inputs-a" });
      expect((await r.inputs("a")).known).toMatchObject({ buildId: "build-b", imageDigest: null });
    });

    test("inputs that were only announced, refused or overtaken are not known", async () => {
      const r = rig();
      await r.announce("p", built("p"));
      await r.record("a", built("a"));
      await r.record("b", built("b"));
      expect(await r.record("a", { inputsId: "inputs-r" })).toMatchObject({ ok: false });
      expect(await r.record("s", { ...built("s"), asOfEpoch: 1 })).toMatchObject({ ok: false });
      const known = [await r.inputs("p"), await r.inputs("r"), await r.inputs("s")].map(
        (answer) => answer.known,
      );
      expect(known).toEqual([null, null, null]);
    });

    test("what an announcement says of a build counts once it is live", async () => {
      const r = rig();
      await r.announce("a", built("a"));
      await r.record("a");
      expect((await r.inputs("a")).live).toMatchObject(built("a"));
    });

    test("another environment's build is known where this one has none", async () => {
      const r = rig();
      await r.record("a", { ...built("a"), environment: "staging" });
      expect(await r.inputs("a")).toMatchObject({
        live: null,
        known: { environment: "staging", buildId: "build-a", imageDigest: imageOf("a") },
      });
      await r.record("b", { inputsId: "inputs-a" });
      await r.record("c", { inputsId: "inputs-a", environment: "staging" });
      expect((await r.inputs("a")).known).toMatchObject({
        environment: "production",
        buildId: "build-b",
      });
    });

    test("another app's equal inputs say nothing", async () => {
      const r = rig();
      await r.record("a", built("a"));
      expect((await rig().inputs("a")).known).toBeNull();
    });

    test("a version names for ever what was recorded under it, here and elsewhere", async () => {
      const r = rig();
      const version = "1.0.1";
      await r.record("a", { ...built("a"), version });
      await r.record("b", { ...built("b"), version, environment: "staging" });
      await r.record("a", { ...built("a"), version: "1.0.2", gitCommit: commitOf("c") });
      await r.record("b", built("b"));
      const { named } = await r.inputs("b", { versions: [version] });
      expect(named).toEqual([
        {
          ...{ version, environment: "production", gitCommit: commitOf("a") },
          ...{ inputsId: "inputs-a", imageDigest: imageOf("a") },
        },
        {
          ...{ version, environment: "staging", gitCommit: commitOf("b") },
          ...{ inputsId: "inputs-b", imageDigest: imageOf("b") },
        },
      ]);
      expect((await r.inputs("b", { versions: ["1.0.2", version] })).named).toHaveLength(3);
      expect((await r.inputs("b", { versions: ["2.0.0"] })).named).toEqual([]);
      expect(await r.inputs("b")).not.toHaveProperty("named");
    });

    test("an announcement takes a name, and what is recorded adds its image", async () => {
      const r = rig();
      const row = { version: "1.0.0-a", environment: "production", gitCommit: commitOf("a") };
      const named = async () => (await r.inputs("a", { versions: ["1.0.0-a"] })).named;
      await r.announce("a", { inputsId: "inputs-a" });
      await r.announce("a", { inputsId: "inputs-a" });
      expect(await named()).toEqual([{ ...row, inputsId: "inputs-a", imageDigest: null }]);
      await r.abort("a");
      expect(await named()).toHaveLength(1);
      await r.record("a", built("a"));
      expect(await named()).toEqual([{ ...row, ...built("a") }]);
    });

    test("of a record without inputs and image those of its build count, and a refused one takes no name", async () => {
      const r = rig();
      await r.record("a", built("a"));
      await r.record("a", { version: "1.0.1" });
      await r.record("b", { version: "1.0.2" });
      expect((await r.inputs("a", { versions: ["1.0.1", "1.0.2"] })).named).toMatchObject([
        { version: "1.0.1", ...built("a") },
        { version: "1.0.2", inputsId: null, imageDigest: null },
      ]);
      expect(await r.record("a", { version: "1.0.3" })).toMatchObject({ ok: false });
      expect((await r.inputs("a", { versions: ["1.0.3"] })).named).toEqual([]);
    });

    test("several images under one name are all told", async () => {
      const r = rig();
      await r.record("a", built("a"));
      await r.record("a", { ...built("a"), imageDigest: imageOf("b") });
      await r.record("a", built("a"));
      const { named } = await r.inputs("a", { versions: ["1.0.0-a"] });
      expect(named?.map(({ imageDigest }) => imageDigest)).toEqual([imageOf("a"), imageOf("b")]);
    });

    test("services are answered in their order", async () => {
      const [first, second] = [rig(), rig()];
      await second.record("a", built("a"));
      const services = [second, first, second].map(({ appName }) => ({
        appName,
        inputsId: "inputs-a",
      }));
      const answers = (await first.client.query("deployments:findDeployedInputs", {
        environment: "production",
        services,
      })) as DeployedInputs[];
      expect(answers.map(({ appName, known }) => [appName, known?.buildId])).toEqual([
        [second.appName, "build-a"],
        [first.appName, undefined],
        [second.appName, "build-a"],
      ]);
    });

    test.each<[string, Record<string, unknown>, string]>([
      ["201 services", { services: Array(201).fill({ appName: "a", inputsId: "i" }) }, "got 201"],
      ["6 versions", { versions: Array(6).fill("1.0.0") }, "got 6"],
      ["an app with a slash", { services: [{ appName: "a/b", inputsId: "i" }] }, 'got "a/b"'],
      ["empty inputs", { services: [{ appName: "a", inputsId: "" }] }, "expected inputsId"],
      ["a blank environment", { environment: " " }, "expected environment"],
    ])("%s is an error", async (_, extra, sentence) => {
      const message = await failure(rig().inputs("a", extra), "INVALID_ARGUMENT");
      expect(message).toMatch(/^Cannot find deployed inputs: expected /);
      expect(message).toContain(sentence);
    });

    test("it takes the record token where the history is private", async () => {
      const r = rig();
      await r.record("a", built("a"));
      await r.client.setVariable("TIDELINE_PRIVATE_HISTORY", "1");
      try {
        await failure(r.inputs("a"), "PRIVATE_HISTORY");
        expect((await r.inputs("a", { token: TOKEN })).live).not.toBeNull();
      } finally {
        await r.client.setVariable("TIDELINE_PRIVATE_HISTORY", null);
      }
    });
  });
}
