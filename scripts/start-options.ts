import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { APPS, type AppName, GATEWAY_PORT } from "./apps.js";
import { ScriptError } from "./script-error.js";

export const START_USAGE = `Usage: npm start -- [options]

Runs a Convex-compatible server and a gateway, builds web, admin and marketing, serves and records
them.

  --data <folder>            where everything is kept   (default: .tideline)
  --port <number>            Convex functions           (default: 3210)
  --site-port <number>       HTTP actions               (default: 3211)
  --gateway-port <number>    /version, /events/version  (default: ${GATEWAY_PORT})
  --web-port <number>        the app web                (default: ${APPS.web.port})
  --admin-port <number>      the app admin              (default: ${APPS.admin.port})
  --marketing-port <number>  the app marketing          (default: ${APPS.marketing.port})
  --convex-env <path>        where npx convex looks     (default: .env.local; with
                             another --data no file is written unless this names it)
  --verbose                  say every call and connection
  --help

A port of 0 takes a free one.`;

/** The folder of `npm start` where none is named. */
export const DEFAULT_STATE = ".tideline";

/** What `npm start` was asked for. */
export interface StartOptions {
  /** The folder where everything is kept. */
  readonly state: string;
  readonly port: number;
  readonly sitePort: number;
  readonly gatewayPort: number;
  readonly appPorts: Readonly<Record<AppName, number>>;
  /** Where the official CLI is told of the server; null to tell it nowhere. */
  readonly envFile: string | null;
  readonly isVerbose: boolean;
}

/**
 * Reads the command line of `npm start`.
 *
 * @returns null if it asks for help.
 * @throws {ScriptError} For an unknown option, or a value that is not a port.
 */
export function parseStartOptions(args: readonly string[]): StartOptions | null {
  const values = parse(args);
  if (values.help) return null;
  const state = resolve(values.data ?? DEFAULT_STATE);
  return {
    state,
    port: parsePort(values.port, 3210, "--port"),
    sitePort: parsePort(values["site-port"], 3211, "--site-port"),
    gatewayPort: parsePort(values["gateway-port"], GATEWAY_PORT, "--gateway-port"),
    appPorts: {
      web: parsePort(values["web-port"], APPS.web.port, "--web-port"),
      admin: parsePort(values["admin-port"], APPS.admin.port, "--admin-port"),
      marketing: parsePort(values["marketing-port"], APPS.marketing.port, "--marketing-port"),
    },
    envFile: envFile(state, values["convex-env"]),
    isVerbose: values.verbose ?? false,
  };
}

/** A server beside the usual one must not take the official CLI away from it. */
function envFile(state: string, named: string | undefined): string | null {
  if (named !== undefined) return resolve(named);
  return state === resolve(DEFAULT_STATE) ? resolve(".env.local") : null;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        data: { type: "string" },
        port: { type: "string" },
        "site-port": { type: "string" },
        "gateway-port": { type: "string" },
        "web-port": { type: "string" },
        "admin-port": { type: "string" },
        "marketing-port": { type: "string" },
        "convex-env": { type: "string" },
        verbose: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    }).values;
  } catch (error) {
    const [sentence] = (error as Error).message.split(". ");
    throw new ScriptError(`${sentence}; see npm start -- --help`, { cause: error });
  }
}

function parsePort(text: string | undefined, otherwise: number, option: string): number {
  if (text === undefined) return otherwise;
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new ScriptError(`Cannot use "${text}" for ${option}: expected a number from 0 to 65535`);
}
