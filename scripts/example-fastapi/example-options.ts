import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { ScriptError } from "../script-error.js";
import { EXAMPLE } from "./example-folder.js";

export const EXAMPLE_USAGE = `Usage: ./examples/fastapi/run.sh [options]
       ./examples/fastapi/deploy.sh [options] [-- option ...]

run.sh installs what the example needs, serves its page and a gateway, and records the page under
the name of this commit, or under SPOT_VERSION. deploy.sh restarts the page under the name that it
has now, and records that; what follows -- goes to tideline record.

  --port <number>          the page            (default: 8000)
  --gateway-port <number>  the gateway         (default: 8781)
  --data <folder>          where state is kept (default: examples/fastapi/.run)
  --help

A port of 0 takes a free one. The ledger is the one at CONVEX_URL, else that of npm start if it runs
in this repository, else one of its own.`;

/** What the example was asked for. */
export interface ExampleOptions {
  readonly verb: "run" | "deploy";
  readonly port: number;
  readonly gatewayPort: number;
  /** The folder of the example's state. */
  readonly data: string;
  /** For `tideline record`. */
  readonly further: readonly string[];
}

/**
 * Reads the command line of the example.
 *
 * @returns null if it asks for help.
 * @throws {ScriptError} For an unknown option or verb, or a value that is not a port.
 */
export function parseExampleOptions(args: readonly string[]): ExampleOptions | null {
  const end = args.indexOf("--");
  const { values, positionals } = parse(end < 0 ? args : args.slice(0, end));
  if (values.help) return null;
  const [verb = "run", ...more] = positionals;
  const further = end < 0 ? [] : args.slice(end + 1);
  if ((verb !== "run" && verb !== "deploy") || more.length > 0) {
    throw new ScriptError(`Cannot do "${positionals.join(" ")}": expected run or deploy`);
  }
  if (verb === "run" && further.length > 0) {
    throw new ScriptError("Cannot run the example: expected nothing after --");
  }
  return {
    verb,
    further,
    port: parsePort(values.port, 8000, "--port"),
    gatewayPort: parsePort(values["gateway-port"], 8781, "--gateway-port"),
    data: resolve(values.data ?? join(EXAMPLE, ".run")),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        port: { type: "string" },
        "gateway-port": { type: "string" },
        data: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    const [sentence] = (error as Error).message.split(". ");
    throw new ScriptError(`${sentence}; see ./examples/fastapi/run.sh --help`, { cause: error });
  }
}

function parsePort(text: string | undefined, otherwise: number, option: string): number {
  if (text === undefined) return otherwise;
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new ScriptError(`Cannot use "${text}" for ${option}: expected a number from 0 to 65535`);
}
