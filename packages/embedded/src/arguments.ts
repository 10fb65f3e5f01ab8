import { parseArgs } from "node:util";
import type { ServerOptions } from "./contract.js";
import { StartError } from "./start-error.js";

export const USAGE = `Usage: tideline-embedded [options]

Serves a folder of Convex functions to the official Convex clients, from one process.

  --dir <folder>       the functions                                  (default: convex)
  --data <folder>      where the database and the admin key are kept  (default: .tideline)
  --port <number>      clients and the CLI; 0 takes a free one        (default: 3210)
  --site-port <number> HTTP actions; 0 takes a free one               (default: 3211)
  --host <address>     where to listen                                (default: 127.0.0.1)
  --admin-key <key>    instead of the one in the data folder (better: TIDELINE_ADMIN_KEY,
                       which other users of this machine cannot see)
  --watch              load the functions again when a file changes
  --verbose            say every call and connection
  --help, --version`;

/** What the command line asks for. */
export type Command =
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | { readonly kind: "serve"; readonly options: ServerOptions };

/**
 * Reads the command line.
 *
 * @param args Without the names of Node and of the script.
 * @throws {StartError} One sentence for an unknown option or a port that is none.
 */
export function parseCommand(
  args: readonly string[],
  env: { readonly [name: string]: string | undefined },
): Command {
  const values = parse(args);
  if (values.help) return { kind: "help" };
  if (values.version) return { kind: "version" };
  const adminKey = values["admin-key"] ?? env.TIDELINE_ADMIN_KEY;
  return {
    kind: "serve",
    options: {
      dir: values.dir ?? "convex",
      data: values.data ?? ".tideline",
      port: parsePort(values.port ?? "3210", "--port"),
      sitePort: parsePort(values["site-port"] ?? "3211", "--site-port"),
      host: values.host ?? "127.0.0.1",
      watch: values.watch ?? false,
      verbose: values.verbose ?? false,
      ...(adminKey === undefined || adminKey === "" ? {} : { adminKey }),
    },
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        dir: { type: "string" },
        data: { type: "string" },
        port: { type: "string" },
        "site-port": { type: "string" },
        host: { type: "string" },
        "admin-key": { type: "string" },
        watch: { type: "boolean" },
        verbose: { type: "boolean" },
        help: { type: "boolean", short: "h" },
        version: { type: "boolean" },
      },
    }).values;
  } catch (error) {
    const message = error instanceof Error ? error.message.split(". ")[0] : String(error);
    throw new StartError(`${message}; see tideline-embedded --help`, { cause: error });
  }
}

function parsePort(text: string, option: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new StartError(`Cannot use "${text}" for ${option}: expected a number from 0 to 65535`);
}

/** True if only programs of this machine can reach the address. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}
