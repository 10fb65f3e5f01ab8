import { parseArgs } from "node:util";
import { isTargetName } from "@tideline/version";
import { parseOrigin } from "./cross-origin.js";
import { LOG_LEVELS, type LogLevel } from "./log.js";
import type { StartOptions } from "./start-gateway.js";
import { parseTarget, type Target, targetKey } from "./target.js";

export const USAGE = `Usage: tideline-gateway --target APP/ENVIRONMENT [options]

Follows deployments and tells pages that do not speak Convex: /version, /events/version (SSE) and
/tideline.js, with /healthz and /metrics for those who run it.

  --convex-url <url>       where the deployments are recorded     (default: CONVEX_URL)
  --target <app>/<env>     what pages may ask about; several times for several
  --app <name> --environment <name>
                           the same for one target, instead of --target
  --port <number>          0 takes a free one                     (default: 8780)
  --host <address>         where to listen                        (default: 127.0.0.1)
  --base-path <path>       in front of its paths, if a proxy leaves it there
  --allow-origin <origin>  pages of this origin may read it; several times, or "*"
  --max-connections <n>    open event streams                     (default: 20000)
  --function <name>        the query                 (default: deployments:watchLatestDeployment)
  --log-level <level>      silent, error, warn, info or debug     (default: info)
  --json                   log lines as JSON
  --help, --version

SIGTERM and Ctrl-C send its clients away in an even stream, then end it: at most 375 a second, from
3,000 clients on all of them within 8 s. A second Ctrl-C ends it at once.`;

/** What the command line asks for. */
export type Command =
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | {
      readonly kind: "serve";
      readonly options: StartOptions;
      readonly level: LogLevel;
      readonly json: boolean;
    };

/** The command line cannot be understood; the message is one sentence. */
export class UsageError extends Error {
  override name = "UsageError";
}

/**
 * Reads the command line.
 *
 * @param args Without the names of Node and of the script.
 * @throws {UsageError} One sentence for an unknown option, a missing one or a value that is none.
 */
export function parseCommand(
  args: readonly string[],
  env: { readonly [name: string]: string | undefined },
): Command {
  const values = parse(args);
  if (values.help) return { kind: "help" };
  if (values.version) return { kind: "version" };
  try {
    return {
      kind: "serve",
      level: parseLevel(values["log-level"] ?? "info"),
      json: values.json ?? false,
      options: {
        convexUrl: parseUrl(values["convex-url"] || env.CONVEX_URL),
        targets: parseTargets(values.target ?? [], values.app, values.environment),
        port: parseNumber(values.port ?? "8780", "--port", 0, 65_535),
        host: values.host || "127.0.0.1",
        basePath: parseBasePath(values["base-path"] ?? ""),
        allowedOrigins: (values["allow-origin"] ?? []).map(parseOrigin),
        maxConnections: parseNumber(
          ...([values["max-connections"] ?? "20000", "--max-connections", 1, 1_000_000] as const),
        ),
        ...(values.function !== undefined && { functionName: values.function }),
      },
    };
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        "convex-url": { type: "string" },
        target: { type: "string", multiple: true },
        app: { type: "string" },
        environment: { type: "string" },
        port: { type: "string" },
        host: { type: "string" },
        "base-path": { type: "string" },
        "allow-origin": { type: "string", multiple: true },
        "max-connections": { type: "string" },
        function: { type: "string" },
        "log-level": { type: "string" },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
        version: { type: "boolean" },
      },
    }).values;
  } catch (error) {
    // Node's messages go on with advice that is meant for programmers.
    const message = error instanceof Error ? error.message.split(/\. |\n/)[0] : String(error);
    throw new UsageError(`${message}; see tideline-gateway --help`, { cause: error });
  }
}

function parseUrl(text: string | undefined): string {
  if (!text) {
    throw new SyntaxError(
      "Cannot start: expected the ledger's address in --convex-url or CONVEX_URL",
    );
  }
  if (!/^https?:$/.test(URL.canParse(text) ? new URL(text).protocol : "")) {
    throw new SyntaxError(
      `Cannot use the ledger's address: expected http://… or https://…, got "${text}"`,
    );
  }
  return text.replace(/\/+$/, "");
}

function parseTargets(
  named: readonly string[],
  appName: string | undefined,
  environment: string | undefined,
): Target[] {
  const targets = named.map(parseTarget);
  if (targets.length > 0 && (appName !== undefined || environment !== undefined)) {
    throw new SyntaxError(
      "Cannot start: expected --target, or --app and --environment, got both; --target takes several",
    );
  }
  if (appName !== undefined && environment !== undefined) {
    for (const name of [appName, environment]) {
      if (!isTargetName(name)) {
        throw new SyntaxError(
          `Cannot use a name: expected 1 to 64 letters, digits, ".", "_" or "-", got "${name}"`,
        );
      }
    }
    targets.push({ appName, environment });
  } else if (appName !== undefined || environment !== undefined) {
    throw new SyntaxError(
      "Cannot start: expected --app and --environment together, got one of them",
    );
  }
  if (targets.length === 0) {
    throw new SyntaxError(
      "Cannot start: expected --target APP/ENVIRONMENT, or --app and --environment",
    );
  }
  // Said twice, a target is still one.
  return [...new Map(targets.map((target) => [targetKey(target), target])).values()];
}

function parseNumber(text: string, option: string, least: number, most: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= least && number <= most) return number;
  throw new RangeError(
    `Cannot use ${option}: expected a whole number from ${least} to ${most}, got "${text}"`,
  );
}

function parseBasePath(text: string): string {
  if (text === "" || /^(\/[\w.~-]+)*\/?$/.test(text)) return text;
  throw new SyntaxError(`Cannot use --base-path: expected a path such as /tideline, got "${text}"`);
}

function parseLevel(text: string): LogLevel {
  const level = LOG_LEVELS.find((each) => each === text);
  if (level !== undefined) return level;
  throw new SyntaxError(
    `Cannot use --log-level: expected one of ${LOG_LEVELS.join(", ")}, got "${text}"`,
  );
}
