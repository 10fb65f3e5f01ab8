import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { SubsystemConfig } from "../../../fleet/src/config/sync-config.js";
import { openSupervisor } from "../../../fleet/src/supervise/open-supervisor.js";
import type { Supervisor } from "../../../fleet/src/supervise/supervisor.js";
import {
  type EngineMachine,
  FileHost,
  type Published,
  RecordingLedger,
  ReleaseLine,
  startMachine,
} from "../engine-rig/index.js";
import { findProcessCompose } from "../find-process-compose.js";
import { CuttableProxy, freePort, ProcessComposeRig } from "../process-compose-rig/index.js";
import type { ServiceVariant } from "../service-program/index.js";
import { SignedFleet } from "../signed-fleet.js";
import { untilState } from "../until-state.js";

const program = await findProcessCompose();
const KINDS =
  program === null ? (["built-in"] as const) : (["built-in", "process-compose"] as const);

/** The engine on a machine whose service `nats` runs under the supervisor of that kind. */
describe.each(KINDS)("an update under %s", (kind) => {
  let host: FileHost;
  let line: ReleaseLine;
  let machine: EngineMachine;
  let compose: ProcessComposeRig | null;
  let proxy: CuttableProxy;
  let supervisor: Supervisor;

  beforeEach(async () => {
    host = await FileHost.start();
    line = new ReleaseLine(new SignedFleet(), host);
    const ledger = new RecordingLedger();
    const times = { readyTimeoutMs: 6_000, soakMs: 500 };
    machine = await startMachine({ line, ledger, names: ["nats"], ...times });
    await machine.plant("nats", publish(1));
    compose = null;
    if (kind === "built-in") await machine.startServices();
    else compose = await startCompose();
    proxy = await CuttableProxy.start(join(machine.folder, "proxy.sock"), socket());
    supervisor = open(proxy.address.slice("unix:".length));
    await untilState(supervisor, "nats", (state) => state.isReady === true);
  });
  afterEach(async () => {
    proxy.close();
    await compose?.stop();
    await machine.dispose();
    await host.close();
  });

  it("row 21: a stream that is cut at the gate, and cannot be had again, stops no update", async () => {
    const next = publish(2);
    const atStep = (step: string) => {
      if (step !== "gating") return;
      proxy.refusesStreams = true;
      proxy.cutStreams();
    };
    const outcome = await machine.update("nats", next.target, { supervisor, atStep });
    expect(outcome).toMatchObject({ state: "committed", version: "1.0.2" });
    expect((await machine.starts("nats")).at(-1)).toMatch(/ 1\.0\.2$/);
  });

  it("row 21: while the supervisor is down nothing is swapped, and the reason says so", async () => {
    const before = await machine.runs("nats");
    const next = publish(2);
    await halt();
    const outcome = await machine.update("nats", next.target, { supervisor });
    expect(outcome).toMatchObject({ state: "refused", reason: "SUPERVISOR_UNREACHABLE" });
    expect(await machine.runs("nats")).toBe(before);
    expect(await machine.version("nats")).toBe("1.0.1");
  });

  it("row 21: where the supervisor does not have the service nothing is swapped", async () => {
    const before = await machine.runs("nats");
    const next = publish(2);
    const { subsystems } = machine.config;
    const renamed = { ...subsystems.nats, service: "nats-server" } as SubsystemConfig;
    const config = { ...machine.config, subsystems: { nats: renamed } };
    const outcome = await machine.update("nats", next.target, { supervisor, config });
    expect(outcome).toMatchObject({ state: "refused", reason: "SERVICE_UNKNOWN" });
    expect(await machine.runs("nats")).toBe(before);
  });

  // Under the built-in supervisor these are the engine's own tests.
  describe.skipIf(kind === "built-in")("row 19", () => {
    it.each<[ServiceVariant, RegExp]>([
      ["crash-at-start", /EXITED|FLAPPING/],
      // process-compose ends it itself at the third failure of its probe, and starts it again.
      ["never-ready", /NOT_READY|EXITED|FLAPPING/],
    ])("row 19: a version that is %s is taken back", async (variant, reason) => {
      const before = await machine.runs("nats");
      const next = publish(2, variant);
      const outcome = await machine.update("nats", next.target, { supervisor });
      expect(await machine.runs("nats")).toBe(before);
      expect(outcome).toMatchObject({
        ...{ state: "rolled-back", reason: expect.stringMatching(reason) },
      });
      const state = await untilState(supervisor, "nats", (now) => now.isReady === true);
      expect((await machine.starts("nats")).at(-1)).toBe(`${state.pid} 1.0.1`);
    });

    it("row 20: where the old version does not come back either, somebody is called", async () => {
      const before = await machine.runs("nats");
      const next = publish(2, "spoils-data");
      const outcome = await machine.update("nats", next.target, { supervisor });
      expect(outcome).toMatchObject({ state: "needs-operator" });
      expect(await machine.runs("nats")).toBe(before);
    });
  });

  function publish(seq: number, variant: ServiceVariant = "good"): Published {
    return line.publish("nats", seq, { variant, http: true });
  }

  function socket(): string {
    const { supervisor: built } = machine.config;
    if (kind === "process-compose") return join(machine.folder, "process-compose.sock");
    return built.kind === "built-in" ? built.socket : "";
  }

  function open(path: string): Supervisor {
    const built = { kind: "built-in" as const, socket: path, services: {} };
    const real = { kind: "process-compose" as const, address: `unix:${path}` };
    return openSupervisor({ supervisor: kind === "built-in" ? built : real }, {});
  }

  async function halt(): Promise<void> {
    if (kind === "built-in") await machine.stopServices();
    else await compose?.stop();
    compose = null;
  }

  /** The machine's service under the real one, asked at a port that only its own run can have. */
  async function startCompose(): Promise<ProcessComposeRig> {
    const port = String(await freePort());
    return await ProcessComposeRig.start({
      program: program ?? "",
      folder: machine.folder,
      processes: {
        nats: {
          command: `exec ${machine.live("nats")} --notes ${machine.notes("nats")} --port ${port}`,
          availability: { restart: "always", backoff_seconds: 1 },
          shutdown: { timeout_seconds: 5 },
          readiness_probe: {
            http_get: { host: "127.0.0.1", port, path: "/ready" },
            ...{ period_seconds: 1, failure_threshold: 3 },
          },
        },
      },
    });
  }
});
