/**
 * Sends a signal to a process that was started `detached`, and to all that it has started since.
 * Windows knows no groups: there it goes to the process alone.
 *
 * @param pid Undefined if it could not be started. Nothing happens then, nor if all have ended.
 */
export function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  // 0 would be our own group.
  if (pid === undefined || pid === 0) return;
  try {
    process.kill(process.platform === "win32" ? pid : -pid, signal);
  } catch {
    // Nobody of the group is left.
  }
}
