import { currentExecution } from "./execution.js";
import type { LogLevel } from "./log-lines.js";

/** What functions see as `console`: it writes to the log lines of the function that calls it. */
export function functionConsole(now: () => number): Partial<Console> {
  const at =
    (level: LogLevel) =>
    (...values: unknown[]): void =>
      currentExecution()?.logLines.add(level, values);
  const [debug, info, log, warn, error] = [
    at("DEBUG"),
    at("INFO"),
    at("LOG"),
    at("WARN"),
    at("ERROR"),
  ] as const;
  const timers = new Map<string, number>();
  const counts = new Map<string, number>();
  const elapsed = (label: string): string => `${label}: ${now() - (timers.get(label) ?? now())}ms`;
  const ignore = (): void => {};

  return {
    debug,
    info,
    log,
    warn,
    error,
    trace: debug,
    dir: (value?: unknown) => log(value),
    table: (value?: unknown) => log(value),
    assert: (condition?: boolean, ...values: unknown[]) => {
      if (!condition) error("Assertion failed", ...values);
    },
    time: (label = "default") => void timers.set(label, now()),
    timeLog: (label = "default", ...values: unknown[]) => info(elapsed(label), ...values),
    timeEnd: (label = "default") => {
      info(elapsed(label));
      timers.delete(label);
    },
    count: (label = "default") => {
      const count = (counts.get(label) ?? 0) + 1;
      counts.set(label, count);
      info(`${label}: ${count}`);
    },
    countReset: (label = "default") => void counts.delete(label),
    group: log,
    groupCollapsed: log,
    groupEnd: ignore,
  };
}
