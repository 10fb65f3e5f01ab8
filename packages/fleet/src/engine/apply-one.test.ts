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
import { applyOne, dryRunOne } from "./apply-one.js";

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
