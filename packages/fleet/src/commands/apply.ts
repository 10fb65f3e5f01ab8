import type { SyncConfig } from "../config/sync-config.js";
import { type AppliedSubsystem, applyOne, dryRunOne } from "../engine/apply-one.js";
import type { EngineDeps } from "../engine/engine-deps.js";
import { openLedgerNow } from "../ledger/open-ledger.js";
import { nextStepOf } from "../next-step.js";
import { openTrustStore } from "../open-trust-store.js";
import { openSupervisor } from "../supervise/open-supervisor.js";
import { requireTrustedRoots } from "../trust/require-trusted-roots.js";
import { UsageError } from "../usage-error.js";
import { addCommand } from "./add-command.js";
import { requireSubsystem } from "./require-subsystem.js";
import { EXIT_CODES, type Terminal } from "./terminal.js";

interface ApplyOptions {
  readonly dryRun?: true;
  readonly now?: true;
  readonly adopt?: true;
  readonly withoutLedger?: true;
  readonly replace?: true;
}

/** `tideline-sync apply [NAME…]`: brings subsystems to what the ledger asks for, once. */
export const addApply = addCommand<ApplyOptions>({
  usage: "apply [names...]",
  summary: "Install what the ledger asks for, or, without one, the newest signed release",
  examples: [
    "tideline-sync apply",
    "tideline-sync apply nats --dry-run --json",
    "tideline-sync apply nats --now",
    "tideline-sync apply nats --replace",
    "",
    "Exit code 1: a version was not well, or its service does not run. 3: one was refused, or waits",
    "and was asked for by name; without names what waits is no failure. --dry-run has the same.",
  ],
  isReport: true,
  options: (command) =>
    command
      .option("--without-ledger", "go by the release host alone, past rings, pauses and halts")
      .option("--dry-run", "say what would be done; write nothing, and tell nobody")
      .option("--now", "also outside its window, and right after a try of the same release in vain")
      .option("--adopt", "take a live binary that nobody knows as what was there before")
      .option(
        "--replace",
        "install the release over a live binary that nobody knows; it is kept in .foreign/",
      ),
  run: async ({ words, options, terminal, config: readConfig }) => {
    const config = await readConfig();
    const asked = (words.flat() as (string | undefined)[]).filter((word) => word !== undefined);
    const names = asked.length > 0 ? [...new Set(asked)] : Object.keys(config.subsystems);
    for (const name of names) requireSubsystem(config, name);
    if (options.replace && options.adopt) {
      throw new UsageError("Cannot apply: expected one of --adopt and --replace, got both");
    }
    if (options.replace && asked.length === 0) {
      throw new UsageError("Cannot replace: expected the name of a subsystem, got none");
    }
    const isDryRun = options.dryRun === true;
    const ask = { isReadOnly: isDryRun, withoutLedger: options.withoutLedger === true };
    const rows = await withEngine(config, terminal, names, ask, async (deps) => {
      const { signal } = terminal;
      const how = {
        ...{ signal, isUrgent: options.now === true, isAsked: asked.length > 0 },
        ...{ adopts: options.adopt === true, replaces: options.replace === true },
      };
      const one = (name: string) => (isDryRun ? dryRunOne : applyOne)(deps, name, how);
      // Side by side: what only one may do at a time, they wait for.
      return await Promise.all(names.map(one));
    });
    return {
      exitCode: exitCodeOf(rows, asked.length > 0),
      text: rows.map(describe).join("\n"),
      json: { dryRun: isDryRun, subsystems: rows },
    };
  },
});

async function withEngine<T>(
  config: SyncConfig,
  { env, log, signal }: Terminal,
  names: readonly string[],
  ask: { readonly isReadOnly: boolean; readonly withoutLedger: boolean },
  act: (deps: EngineDeps) => Promise<T>,
): Promise<T> {
  requireTrustedRoots(config);
  const trust = await openTrustStore(config);
  const now = Date.now;
  const options = { config, env, trust, fetch, now, log, signal, ...ask };
  const { ledger, machine } = await openLedgerNow(options, names);
  try {
    const result = await act({
      ...{ config, ledger, machine, trust, fetch, now, log },
      supervisor: openSupervisor(config, env),
      atStep: () => {},
    });
    // Nobody else may be running who would send them. A person who waits no longer still hears what
    // was done.
    if (ledger.kind === "convex" && !ask.isReadOnly) await ledger.flush(signal);
    return result;
  } finally {
    await ledger.close();
  }
}

/** What somebody waits for is only a refusal if it was asked for by name. */
function exitCodeOf(rows: readonly AppliedSubsystem[], isByName: boolean): number {
  const has = (...states: AppliedSubsystem["state"][]) =>
    rows.some(({ state }) => states.includes(state));
  if (has("rolled-back", "needs-operator", "not-running", "failed")) return EXIT_CODES.failed;
  // Current, and nobody can tell whether it runs.
  if (isByName && rows.some(({ state, reason }) => state === "current" && reason !== null)) {
    return EXIT_CODES.failed;
  }
  return has("refused") || (isByName && has("waiting")) ? EXIT_CODES.refused : EXIT_CODES.done;
}

function describe(row: AppliedSubsystem): string {
  const { name, state, version, fromSha256, reason, detail } = row;
  const why = reason === null ? "" : `\n  ${reason}: ${nextStepOf(reason, name)}`;
  const now = whatIsThere(row);
  switch (state) {
    case "current":
      if (reason !== null) return `${name}: ${now} is installed. ${detail}${why}`;
      if (fromSha256 === null) {
        const why = version === null ? "no release of it was found" : "that is what is asked for";
        return `${name}: nothing is installed; ${why}`;
      }
      if (version === null) return `${name}: ${now} stays; no release of it was found`;
      return `${name}: ${now} runs, and that is what it should`;
    case "not-running":
      return `${name}: ${now} is what should run, and does not. ${detail}${why}`;
    case "committed":
      return `${name}: ${version} runs, in place of ${now}`;
    case "would-install":
      return `${name}: ${version} would be installed in place of ${now}`;
    case "waiting":
      return fromSha256 === null
        ? `${name}: ${version ?? "it"} is not installed yet. ${detail}${why}`
        : `${name}: ${now} stays for now. ${detail}${why}`;
    case "refused":
      return `${name}: ${version ?? "an update"} is refused, ${fromSha256 === null ? "and nothing is installed" : `${now} stays`}. ${detail}${why}`;
    case "rolled-back":
      if (fromSha256 === null && row.restored === null) {
        return `${name}: ${version} was not well and was taken away; nothing is installed. ${detail}${why}`;
      }
      return `${name}: ${version} was not well, ${row.restored ?? now} runs again. ${detail}${why}`;
    case "needs-operator":
      return `${name}: somebody has to come. ${detail}${why}`;
    case "failed":
      return `${name}: ${detail}`;
    default:
      return state satisfies never;
  }
}

function whatIsThere({ from, fromSha256 }: AppliedSubsystem): string {
  if (from !== null) return from;
  return fromSha256 === null
    ? "nothing"
    : `a binary without a version (sha256 ${fromSha256.slice(0, 12)}…)`;
}
