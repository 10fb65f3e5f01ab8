import type { ServiceState, Supervisor } from "../../fleet/src/supervise/supervisor.js";

/** Waits by the supervisor's own watch until a state is told that satisfies. */
export async function untilState(
  supervisor: Supervisor,
  service: string,
  is: (state: ServiceState) => boolean,
): Promise<ServiceState> {
  const found = new AbortController();
  let state: ServiceState | null = null;
  const onState = (now: ServiceState) => {
    if (state !== null || !is(now)) return;
    state = now;
    found.abort();
  };
  await supervisor.watch(service, onState, found.signal);
  if (state === null) throw new Error(`The watch of "${service}" ended without that state`);
  return state;
}
