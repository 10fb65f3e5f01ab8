import { expect, test } from "vitest";
import type { ServiceState, Supervisor } from "../supervise/supervisor.js";
import { passGate } from "./pass-gate.js";

/** A supervisor that says these states, one after the other. */
function saying(states: readonly Partial<ServiceState>[]): Supervisor {
  const whole = states.map((state) => ({
    ...{ pid: null, isRunning: false, isReady: null, restarts: 0, exitCode: 7 },
    ...state,
  }));
  return {
    kind: "built-in",
    inspect: async () => whole.at(-1) as ServiceState,
    restart: async () => {},
    start: async () => {},
    logs: async () => [],
    watch: async (_service, onState) => whole.forEach(onState),
  };
}

test.each([
  [[7, 8], "once"],
  [[7, 7, 9], "2 times"],
])("a service that was started again before its update as well: %j", async (restarts, times) => {
  const verdict = await passGate(
    {
      supervisor: saying(restarts.map((count) => ({ restarts: count }))),
      ...{ service: "nats", fetch, signal: new AbortController().signal },
      health: { readyTimeoutMs: 5_000, soakMs: 0, check: null },
    },
    null,
  );
  expect(verdict).toEqual({
    ...{ ok: false, reason: "FLAPPING" },
    detail: `"nats" ended while it was started, last with exit code 7; the supervisor has started it again ${times}`,
  });
});
