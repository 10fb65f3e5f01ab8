/** What the service and its guard say to each other besides signals: over the pipe between the two. */

/** Set in the service's environment, so that no other program with such a pipe is taken for a guard. */
export const GUARDED = "TIDELINE_GUARDED";

/** Tells the guard, if there is one, that the service is up: its configuration read, its port open. */
export function sayAlive(env: NodeJS.ProcessEnv = process.env): void {
  if (env[GUARDED] === undefined || process.send === undefined || !process.connected) return;
  // A guard that ends meanwhile is heard of by `endWithGuard`.
  process.send(ALIVE, undefined, {}, () => {});
}

/** Whether a message of the service is its mark of being alive. */
export function isAlive(message: unknown): boolean {
  return message === ALIVE;
}

const ALIVE = "tideline-sync is alive";

/**
 * Calls back when the guard is gone, however it ended: a service that nobody guards would be in the
 * way of the one that the next guard starts.
 */
export function endWithGuard(end: () => void, env: NodeJS.ProcessEnv = process.env): void {
  if (env[GUARDED] === undefined || process.channel === undefined) return;
  process.once("disconnect", end);
  // Else the pipe alone would keep a process that has nothing left to do.
  process.channel.unref();
}
