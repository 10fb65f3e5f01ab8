import { currentExecution } from "./execution.js";

/** What functions see as `Date`, `Math` and `performance`. */
export interface FunctionClock {
  readonly Date: DateConstructor;
  readonly Math: Math;
  readonly performance: { now(): number; readonly timeOrigin: number };
}

/**
 * Makes a clock that stands still during a query, a mutation and the loading of modules, and
 * runs in actions.
 *
 * Random numbers come from the system and need no seed: nothing here runs an execution a second
 * time expecting the same answer. They count as use of the clock, since a result that contains
 * one is only good for its moment.
 *
 * @param now ms since epoch.
 */
export function functionClock(now: () => number): FunctionClock {
  const time = (): number => {
    const execution = currentExecution();
    if (execution === undefined || execution.kind === "action") return now();
    noteClock();
    return execution.startedAt;
  };
  const timeOrigin = now();
  return {
    Date: dateConstructor(time),
    Math: Object.create(Object.prototype, {
      ...Object.getOwnPropertyDescriptors(Math),
      random: { value: random, writable: true, configurable: true },
    }),
    performance: { now: () => time() - timeOrigin, timeOrigin },
  };
}

/** Remembers that the running query or mutation depends on its moment. */
export function noteClock(): void {
  const execution = currentExecution();
  if (execution !== undefined && "usage" in execution) execution.usage.clock = true;
}

function random(): number {
  noteClock();
  return Math.random();
}

/** `Date` with another present. It shares the prototype, so every date is an instance of it. */
function dateConstructor(time: () => number): DateConstructor {
  function FunctionDate(...parts: unknown[]): unknown {
    if (new.target === undefined) return new Date(time()).toString();
    return Reflect.construct(Date, parts.length === 0 ? [time()] : parts, new.target);
  }
  Object.defineProperties(FunctionDate, {
    ...Object.getOwnPropertyDescriptors(Date),
    now: { value: time, writable: true, configurable: true },
  });
  return FunctionDate as unknown as DateConstructor;
}
