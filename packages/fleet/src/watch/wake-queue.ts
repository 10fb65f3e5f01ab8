/** What is to be done for a subsystem when it is woken. */
export interface Wake {
  /** Read the ledger or the release host anew before. */
  readonly refresh: boolean;
  /** Look at the upstream, and build and publish what is new; developer machines only. */
  readonly develop: boolean;
  /** For the log. */
  readonly why: string;
}

/** Wakes subsystems, each by itself and one wake after the other. */
export interface WakeQueue {
  /**
   * Has a subsystem looked at. Wakes that come while one is at work are one more look together; each
   * resolves, or rejects, with the look that began after it.
   */
  wake(subsystem: string, wake: Wake): Promise<void>;
  /** Takes no more wakes, and resolves when the last look has ended. */
  drain(): Promise<void>;
}

/** @param look One look; wakes that were waiting are told of its failure. */
export function createWakeQueue(look: (subsystem: string, wake: Wake) => Promise<void>): WakeQueue {
  const lanes = new Map<string, Lane>();
  let isDraining = false;

  /** Runs what waits, until nothing does. */
  async function work(subsystem: string, lane: Lane): Promise<void> {
    while (lane.next !== null) {
      const { wake, resolve, reject } = lane.next;
      lane.next = null;
      try {
        await look(subsystem, wake);
        resolve();
      } catch (error) {
        reject(error);
      }
    }
  }

  return {
    wake(subsystem, wake) {
      if (isDraining) return Promise.reject(new Error("Cannot look: the service is ending"));
      let lane = lanes.get(subsystem);
      if (lane === undefined) {
        lane = { next: null, working: null };
        lanes.set(subsystem, lane);
      }
      lane.next = lane.next === null ? makeNext(wake) : merge(lane.next, wake);
      const { done } = lane.next;
      if (lane.working === null) {
        const here = lane;
        here.working = work(subsystem, here).finally(() => {
          here.working = null;
        });
      }
      return done;
    },
    async drain() {
      isDraining = true;
      for (const lane of lanes.values()) {
        lane.next?.reject(new Error("Cannot look: the service is ending"));
        lane.next = null;
      }
      await Promise.all([...lanes.values()].map(({ working }) => working));
    },
  };
}

interface Lane {
  next: Next | null;
  working: Promise<void> | null;
}

interface Next {
  readonly wake: Wake;
  readonly done: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

function makeNext(wake: Wake): Next {
  let resolve: Next["resolve"] = () => {};
  let reject: Next["reject"] = () => {};
  const done = new Promise<void>((onDone, onError) => {
    resolve = onDone;
    reject = onError;
  });
  // Whoever does not wait for it has not to hear of its failure either: that is logged.
  done.catch(() => {});
  return { wake, done, resolve, reject };
}

function merge(next: Next, wake: Wake): Next {
  const { refresh, develop, why } = next.wake;
  return {
    ...next,
    wake: {
      refresh: refresh || wake.refresh,
      develop: develop || wake.develop,
      why: why.split(", ").includes(wake.why) ? why : `${why}, ${wake.why}`.slice(0, 500),
    },
  };
}
