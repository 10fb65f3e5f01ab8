/**
 * The globals that bundled functions see. They are passed as parameters of one function around the
 * bundle, not installed in a vm context: measured on a small query, a context costs 13 us more a
 * call (its global object is looked up through interceptors), its time limit 60 us more, and its
 * own Error, Uint8Array and so on are strangers to everything Node hands in.
 *
 * The price: a synchronous endless loop is not cut off after a second, and a global that code adds
 * to `globalThis` is found there but not as a bare name.
 *
 * What could cut such a loop off, as measured on Node 20, and why it is not done:
 * - `runInThisContext({ timeout })` costs 88 us a call, more than many a query takes, and sees only
 *   the part before the first `await`.
 * - A second thread may end what runs through the inspector (`Runtime.terminateExecution`). The
 *   engine then drops every promise reaction that was waiting, so calls of others never settle.
 * - Counting in each loop needs a parser, which would be one more dependency and slows every loop.
 */
import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";
import { CHECK_IMPORT } from "./bundle-modules.js";
import type { ConvexGlobal } from "./convex-global.js";
import { currentExecution } from "./execution.js";
import { forbidInTransactions } from "./forbidden.js";
import { functionBodies } from "./function-bodies.js";
import { functionClock } from "./function-clock.js";
import { functionConsole } from "./function-console.js";
import { functionCrypto } from "./function-crypto.js";

export interface FunctionGlobalsOptions {
  readonly convex: ConvexGlobal;
  readonly env: { readonly [name: string]: string };
  /** ms since epoch. */
  readonly now: () => number;
}

export type Globals = { readonly [name: string]: unknown };

// Node's own, which the cloud's runtime does not have.
const HIDDEN = [
  "Buffer",
  "global",
  "setImmediate",
  "clearImmediate",
  "MessageChannel",
  "BroadcastChannel",
  "WebSocket",
  "__dirname",
  "__filename",
];

/** What modules without `"use node"` see instead of Node's globals. */
export function isolateGlobals(options: FunctionGlobalsOptions): Globals {
  const shadowed: { [name: string]: unknown } = {};
  for (const name of HIDDEN) shadowed[name] = undefined;
  return withGlobalThis({
    ...shadowed,
    ...commonGlobals(options),
    AsyncLocalStorage,
    AsyncResource,
    process: { env: options.env },
    require: refuseImport,
    [CHECK_IMPORT]: checkDynamicImport,
  });
}

/**
 * What `"use node"` modules see: Node's globals, with the deployment's variables.
 *
 * @param require For what the bundler left out, such as `node:fs`.
 */
export function nodeGlobals(
  options: FunctionGlobalsOptions & { readonly require: NodeJS.Require },
): Globals {
  return withGlobalThis({
    ...commonGlobals(options),
    process: Object.create(process, { env: { value: options.env, enumerable: true } }),
    require: options.require,
  });
}

function commonGlobals({ convex, now }: FunctionGlobalsOptions): { [name: string]: unknown } {
  return {
    ...functionClock(now),
    ...functionBodies(),
    Convex: convex,
    console: functionConsole(now),
    crypto: functionCrypto(),
    fetch: async (...parameters: Parameters<typeof fetch>) => {
      forbidInTransactions("fetch()");
      return fetch(...parameters);
    },
    setTimeout: guardedTimer("setTimeout", setTimeout),
    setInterval: guardedTimer("setInterval", setInterval),
    // When they run depends on the garbage collector.
    WeakRef: undefined,
    FinalizationRegistry: undefined,
  };
}

/** Adds the object that `globalThis` and `self` name: what is visible, in one place. */
function withGlobalThis(globals: { [name: string]: unknown }): Globals {
  const inherited: PropertyDescriptorMap = Object.getOwnPropertyDescriptors(globalThis);
  for (const descriptor of Object.values(inherited)) {
    // Some of Node's getters want to be asked of the real object.
    if (descriptor.get !== undefined) descriptor.get = descriptor.get.bind(globalThis);
  }
  const visible = Object.create(Object.prototype, inherited);
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(visible, name, { value, writable: true, configurable: true });
  }
  for (const name of ["globalThis", "self"]) {
    globals[name] = visible;
    Object.defineProperty(visible, name, { value: visible, writable: true, configurable: true });
  }
  return globals;
}

type Timer = (
  callback: (...values: unknown[]) => void,
  ms?: number,
  ...values: unknown[]
) => unknown;

/** An error in an action's timer must not end the server; it is that function's to report. */
function guardedTimer(name: string, start: Timer): Timer {
  return (callback, ms, ...values) => {
    forbidInTransactions(name);
    const guarded = (): void => {
      try {
        callback(...values);
      } catch (error) {
        currentExecution()?.logLines.add("ERROR", [error]);
      }
    };
    return start(guarded, ms);
  };
}

/** @throws {Error} In a query or mutation, with the sentence that the cloud gives. */
function checkDynamicImport(specifier: string): void {
  const kind = currentExecution()?.kind;
  if (kind === "query" || kind === "mutation") {
    throw new Error(`Can't dynamically import "${specifier}" in a query or mutation`);
  }
}

/** Answers an `import()` whose specifier the bundler could not know. */
function refuseImport(specifier: string): never {
  checkDynamicImport(specifier);
  throw new Error(`Can't dynamically import "${specifier}": it is not part of the bundle`);
}
