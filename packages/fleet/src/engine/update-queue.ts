import type { FleetTarget } from "@tideline/version/fleet";
import type { EngineDeps } from "./engine-deps.js";
import type { UpdateOutcome } from "./update-outcome.js";
import { updateSubsystem } from "./update-subsystem.js";

/** Works off what a ledger asks for, for as long as the service runs. */
export interface UpdateQueue {
  /**
   * Takes the ledger's newest targets. One that comes while its subsystem is updated waits until that
   * has ended, soak and all; of several that wait, only the newest counts.
   */
  offer(targets: readonly FleetTarget[]): void;
  /** Looks at every subsystem again, as after an approval or a pin that was removed. */
  lookAgain(): void;
  /** Resolves when nothing is under way and nothing waits but for a time to come. */
  idle(): Promise<void>;
}

interface Lane {
  newest: FleetTarget | null;
  /** What is to be looked at after the attempt that is under way. */
  waits: boolean;
  running: Promise<void> | null;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Makes a queue with a lane for each subsystem. Lanes do not wait for each other, except where only
 * one service may be down at a time.
 *
 * @param onOutcome Hears what came of each look, also when that was nothing.
 */
export function createUpdateQueue(
  deps: EngineDeps,
  {
    signal,
    onOutcome = () => {},
  }: {
    readonly signal: AbortSignal;
    readonly onOutcome?: (subsystem: string, outcome: UpdateOutcome) => void;
  },
): UpdateQueue {
  const lanes = new Map<string, Lane>();
  const listeners = new Set<() => void>();
  signal.addEventListener("abort", () => {
    for (const { timer } of lanes.values()) clearTimeout(timer);
  });

  function wake(name: string, lane: Lane): void {
    clearTimeout(lane.timer);
    if (signal.aborted) return;
    lane.waits = true;
    lane.running ??= workOff(name, lane).finally(() => {
      lane.running = null;
      if (isIdle()) for (const listener of [...listeners]) listener();
    });
  }

  async function workOff(name: string, lane: Lane): Promise<void> {
    while (lane.waits && !signal.aborted) {
      lane.waits = false;
      try {
        const outcome = await updateSubsystem(deps, name, lane.newest, { signal });
        onOutcome(name, outcome);
        if ("until" in outcome && outcome.until !== null) lookAt(outcome.until, name, lane);
      } catch (error) {
        if (!signal.aborted) deps.log(`${name}: ${(error as Error).message}`);
      }
    }
  }

  function lookAt(at: number, name: string, lane: Lane): void {
    // A clock that is set meanwhile does not matter much: whether it is time is asked anew then.
    const delayMs = Math.min(Math.max(at - deps.now(), SHORTEST_MS), LONGEST_MS);
    clearTimeout(lane.timer);
    lane.timer = setTimeout(() => wake(name, lane), delayMs);
    // The service lives by its connections; a command that is done does not wait for this.
    lane.timer.unref();
  }

  function isIdle(): boolean {
    return [...lanes.values()].every(({ running }) => running === null);
  }

  return {
    offer(targets) {
      for (const target of targets) {
        const { subsystem: name } = target;
        // The ledger of a channel may know subsystems that this machine does not have.
        if (!Object.hasOwn(deps.config.subsystems, name)) continue;
        const lane = lanes.get(name) ?? {
          ...{ newest: null, waits: false, running: null, timer: undefined },
        };
        lanes.set(name, lane);
        // After a reconnect an older answer may come late.
        if (lane.newest !== null && lane.newest.generation > target.generation) continue;
        lane.newest = target;
        wake(name, lane);
      }
    },
    lookAgain() {
      for (const [name, lane] of lanes) wake(name, lane);
    },
    idle() {
      if (isIdle()) return Promise.resolve();
      return new Promise((resolve) => {
        const listener = () => {
          listeners.delete(listener);
          resolve();
        };
        listeners.add(listener);
      });
    },
  };
}

const SHORTEST_MS = 1_000;
// Longer than setTimeout can count would mean at once.
const LONGEST_MS = 60 * 60_000;
