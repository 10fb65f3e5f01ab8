import { resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Severity } from "@tideline/version";
import { APP_NAMES, type AppName } from "./apps.js";
import { ScriptError } from "./script-error.js";

export const DEPLOY_USAGE = `Usage: npm run deploy -- <app> [options]

Builds the working tree, publishes it on this machine's site and records it. The apps are
${APP_NAMES.join(", ")}; npm start has to run.

  --rollback             go back to the release before, instead of building
  --to <release>         go to a release by its number or version, instead of building
  --severity critical    those who run an older build are told that it matters
  --notes <text>         one line about what changed
  --data <folder>        what npm start was given as --data  (default: .tideline)
  --help`;

/** Where the release comes from. */
export type ReleaseSource =
  | { readonly kind: "build" }
  | { readonly kind: "previous" }
  | { readonly kind: "named"; readonly name: string };

/** What `npm run deploy` was asked for. */
export interface DeployCommand {
  readonly app: AppName;
  readonly source: ReleaseSource;
  readonly severity?: Severity;
  readonly notes?: string;
  /** The folder of `npm start`. */
  readonly state: string;
}

/**
 * Reads the command line of `npm run deploy`.
 *
 * @returns null if it asks for help.
 * @throws {ScriptError} For what is not an app, an unknown option, or options that do not go
 *   together.
 */
export function parseDeployCommand(args: readonly string[]): DeployCommand | null {
  const { values, positionals } = parse(args);
  if (values.help) return null;
  const [app, ...more] = positionals;
  if (app === undefined) {
    throw new ScriptError(`Cannot deploy: no app is named, expected one of ${names()}`);
  }
  if (!isApp(app)) {
    throw new ScriptError(`Cannot deploy "${app}": expected one of ${names()}`);
  }
  if (more.length > 0) throw new ScriptError(`Cannot deploy ${positionals.join(" and ")} at once`);
  if (values.rollback && values.to !== undefined) {
    throw new ScriptError("Cannot use --rollback and --to together: each names a release");
  }
  return {
    app,
    source: values.rollback
      ? { kind: "previous" }
      : values.to !== undefined
        ? { kind: "named", name: values.to }
        : { kind: "build" },
    ...parseSeverity(values.severity),
    ...(values.notes === undefined ? {} : { notes: values.notes }),
    state: resolve(values.data ?? ".tideline"),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        rollback: { type: "boolean" },
        to: { type: "string" },
        severity: { type: "string" },
        notes: { type: "string" },
        data: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    const [sentence] = (error as Error).message.split(". ");
    throw new ScriptError(`${sentence}; see npm run deploy -- --help`, { cause: error });
  }
}

function parseSeverity(text: string | undefined): { readonly severity?: Severity } {
  if (text === undefined) return {};
  if (text === "normal" || text === "critical") return { severity: text };
  throw new ScriptError(`Cannot use "${text}" for --severity: expected "normal" or "critical"`);
}

function isApp(name: string): name is AppName {
  return (APP_NAMES as readonly string[]).includes(name);
}

function names(): string {
  return APP_NAMES.join(", ");
}
