/** The rows of `tideline-sync apply`: what is said of a subsystem when nothing, or not all, was done. */
import {
  type EngineMachine,
  FileHost,
  type Published,
  RecordingLedger,
  ReleaseLine,
  startMachine,
} from "@tideline/testing/engine-rig";
import { SignedFleet } from "@tideline/testing/signed-fleet";
import { afterEach, beforeEach, expect, test } from "vitest";
import { checkPublished } from "../detect/check-published.js";
import { applyOne, dryRunOne } from "./apply-one.js";
import { type EngineDeps, subsystemOf } from "./engine-deps.js";
import { lookAtService } from "./look-at-service.js";

let host: FileHost;
let machine: EngineMachine;
let line: ReleaseLine;
let first: Published;

beforeEach(async () => {
  host = await FileHost.start();
  line = new ReleaseLine(new SignedFleet(), host);
  machine = await startMachine({ line, ledger: new RecordingLedger(), names: ["nats"] });
  first = line.publish("nats", 1);
  await machine.plant("nats", first);
  machine.ledger.known = [first.target];
});
afterEach(async () => {
  await machine.dispose();
  await host.close();
});

test.each([
  ["apply", applyOne],
  ["apply --dry-run", dryRunOne],
])(
  "%s that is stopped while it looks at a service says nothing of that service",
  async (_, act) => {
    const stop = new AbortController();
    const { supervisor } = await machine.deps();
    const deps = await machine.deps({
      supervisor: {
        ...supervisor,
        async inspect(...args) {
          stop.abort(new Error("Ctrl-C"));
          return await supervisor.inspect(...args);
        },
      },
    });
    await expect(act(deps, "nats", { signal: stop.signal })).rejects.toThrow("Ctrl-C");
  },
);

const never = () => new AbortController().signal;

test.each([
  ["apply", (deps: EngineDeps) => applyOne(deps, "nats", { signal: never() })],
  [
    "check",
    (deps: EngineDeps) =>
      checkPublished(deps, subsystemOf(deps.config, "nats"), first.target, (subsystem) =>
        lookAtService(deps.supervisor, subsystem, never()),
      ),
  ],
])(
  "%s does not call a service down that another one has just ended for its update",
  async (_, act) => {
    await machine.startServices();
    const next = line.publish("nats", 2);
    let update: Promise<unknown> | null = null;
    let goOn = () => {};
    const held = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const { supervisor } = await machine.deps();
    const deps = await machine.deps({
      supervisor: {
        ...supervisor,
        async inspect() {
          // The look has begun before the update, and sees its restart.
          await new Promise<void>((resolve) => {
            if (update !== null) return resolve();
            update = machine.update("nats", next.target, {
              atStep: async (step) => {
                if (step !== "restarting") return;
                resolve();
                await held;
              },
            });
          });
          return { pid: null, isRunning: false, isReady: null, restarts: 0, exitCode: 0 };
        },
      },
    });
    expect(await act(deps)).toMatchObject({ state: "current", reason: null });
    goOn();
    expect(await update).toMatchObject({ state: "committed" });
  },
);
