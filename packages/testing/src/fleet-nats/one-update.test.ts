import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ServiceState } from "../../../fleet/src/supervise/supervisor.js";
import { findNatsServer } from "../find-nats-server.js";
import { findProcessCompose } from "../find-process-compose.js";
import { untilState } from "../until-state.js";
import { NAMES, NatsMachine, type NatsPrograms, OTHERS } from "./nats-machine.js";

const processCompose = await findProcessCompose();
const [old, next] = [await findNatsServer("2.10.24"), await findNatsServer("2.10.25")];
const nats: NatsPrograms["nats"] = old !== null && next !== null ? [old, next] : null;
const STAND_INS: NatsPrograms = { processCompose: null, nats: null };
const isReal = processCompose !== null || nats !== null;
const never = new AbortController().signal;
const isReady = (state: ServiceState) => state.isReady === true;

describe.each(isReal ? [{ processCompose, nats }, STAND_INS] : [STAND_INS])(
  "one update, %#",
  (programs) => {
    const natsName = programs.nats === null ? "a program in the place of nats" : "nats-server";
    const supervisorName =
      programs.processCompose === null ? "the built-in supervisor" : "process-compose";
    let machine: NatsMachine;

    beforeAll(async () => {
      machine = await NatsMachine.start(programs);
      for (const name of [...NAMES, "sync"]) await untilState(machine.supervisor, name, isReady);
    }, 300_000);
    afterAll(async () => await machine.dispose());

    it(`row 28: a signed webhook arrives, only nats is downloaded, swapped and restarted, and three pids stay: ${natsName} under ${supervisorName}`, async () => {
      const { supervisor } = machine;
      // What is released counts here, not what the upstream has tagged: nobody has built 2.10.25 yet.
      expect((await machine.check()).nats).toMatchObject({
        ...{ current: "v2.10.24", latest: "v2.10.24", update_available: false },
      });
      await machine.releaseNats();
      const before = await machine.check();
      expect(before.nats).toMatchObject({
        ...{ current: "v2.10.24", latest: "v2.10.25", update_available: true },
      });
      const states = await pids();
      const files = await machine.otherFiles();
      expect(await machine.natsSays()).toBe("2.10.24");

      expect(await machine.sendWebhook("another-secret-of-40-characters")).toBe(401);
      expect(packages()).toEqual([]);
      expect(await machine.sendWebhook()).toBe(202);

      await expect
        .poll(() => machine.syncLog(), { timeout: 60_000 })
        .toMatch(/"event":"committed","subsystem":"nats"/);
      const after = await untilState(supervisor, "nats", isReady);
      expect(after.pid).not.toBe(states.nats);
      expect(await machine.natsSays()).toBe("2.10.25");

      const { nats: _, ...others } = await pids();
      const { nats: __, ...othersBefore } = states;
      expect(others).toEqual(othersBefore);
      expect(await machine.otherFiles()).toEqual(files);
      expect(packages()).toEqual([expect.stringMatching(/^nats-2\.10\.25-.*\.tar\.gz\?/)]);
      const previous = join(dirname(machine.binary("nats")), ".previous", ".version");
      expect(await readFile(previous, "utf8")).toContain("version: 2.10.24");

      const checked = await machine.check();
      expect(checked.nats).toMatchObject({
        ...{ current: "v2.10.25", latest: "v2.10.25", update_available: false },
      });
      for (const name of OTHERS) expect(checked[name]).toMatchObject({ update_available: false });
    }, 120_000);

    /** The packages that were fetched; what is signed is small, and read by everybody. */
    function packages(): string[] {
      const names = machine.host.downloads().map(({ path }) => path.split("/").at(-1) ?? "");
      return names.filter((name) => !name.includes(".release.json"));
    }

    async function pids(): Promise<Record<string, number | null>> {
      const names = [...NAMES, "sync"];
      const states = await Promise.all(
        names.map((name) => machine.supervisor.inspect(name, never)),
      );
      return Object.fromEntries(names.map((name, index) => [name, states[index]?.pid ?? null]));
    }
  },
);
