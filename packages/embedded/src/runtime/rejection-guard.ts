import { currentExecution } from "./execution.js";

let users = 0;

/**
 * Keeps a promise that a function rejects and nobody waits for from ending the server's process;
 * it becomes an error line of that function. Other rejections keep the effect that they have
 * without this.
 *
 * @returns Takes the guard away.
 */
export function guardRejections(): () => void {
  if (users === 0) process.on("unhandledRejection", guard);
  users += 1;
  return () => {
    users -= 1;
    if (users === 0) process.off("unhandledRejection", guard);
  };
}

function guard(reason: unknown): void {
  const execution = currentExecution();
  if (execution !== undefined) {
    execution.logLines.add("ERROR", ["Uncaught (in promise)", reason]);
    return;
  }
  // Node ends the process only when nobody listens.
  if (process.listenerCount("unhandledRejection") === 1) throw reason;
}
