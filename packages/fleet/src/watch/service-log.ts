/** Tells an event: one line each. `subsystem` and `message` come first for people. */
export type LogEvent = (event: string, details?: Readonly<Record<string, unknown>>) => void;

/**
 * Gives the log of a service: for people a sentence with the time before it, for programs an object
 * a line: `{"at":"2026-03-01T12:00:00.000Z","event":"update","subsystem":"nats",…}`.
 */
export function createServiceLog({
  isInteractive,
  write,
  now,
}: {
  readonly isInteractive: boolean;
  readonly write: (line: string) => void;
  readonly now: () => number;
}): LogEvent {
  return (event, details = {}) => {
    const at = new Date(now()).toISOString();
    if (!isInteractive) {
      write(JSON.stringify({ at, event, ...details }));
      return;
    }
    const { subsystem, message, ...rest } = details;
    const about = typeof subsystem === "string" ? ` ${subsystem}:` : "";
    const said = typeof message === "string" ? ` ${message}` : "";
    const more = Object.entries(rest)
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([key, value]) => ` ${key}=${typeof value === "string" ? value : JSON.stringify(value)}`)
      .join("");
    // A line stays a line, whatever a program or a sender has put into it.
    write(`${at.slice(11, 19)} ${event}${about}${said}${more}`.replace(/[\r\n]+/g, " | "));
  };
}
