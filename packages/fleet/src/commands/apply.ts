import { REASONS, type ReasonCode } from "@tideline/version/fleet";
import type { SyncConfig } from "../config/sync-config.js";
import { type AppliedSubsystem, applyOne, dryRunOne } from "../engine/apply-one.js";
import { type EngineDeps, subsystemOf } from "../engine/engine-deps.js";
import { openLedgerNow } from "../ledger/open-ledger.js";
import { openTrustStore } from "../open-trust-store.js";
import { openSupervisor } from "../supervise/open-supervisor.js";
import { addCommand } from "./add-command.js";
import { EXIT_CODES, type Terminal } from "./terminal.js";

interface ApplyOptions {
  readonly dryRun?: true;
  readonly now?: true;
  readonly adopt?: true;
  readonly withoutLedger?: true;
}

/** `tideline-sync apply [NAME…]`: brings subsystems to what the ledger asks for, once. */
export const addApply = addCommand<ApplyOptions>({
  usage: "apply [names...]",
  summary: "Install what the ledger asks for, or, without one, the newest signed release",
  examples: [
    "tideline-sync apply",
    "tideline-sync apply nats --dry-run --json",
    "tideline-sync apply nats --now",
  ],
  options: (command) =>
    command
      .option("--without-ledger", "go by the release host alone, past rings, pauses and halts")
      .option("--dry-run", "say what would be done; write nothing, and tell nobody")
      .option("--now", "also outside its window, and after many tries in vain")
      .option("--adopt", "take a live binary that nobody knows as what was there before"),
  run: async ({ words, options, terminal, config: readConfig }) => {
    const config = await readConfig();
    const asked = (words.flat() as (string | undefined)[]).filter((word) => word !== undefined);
    const names = asked.length > 0 ? [...new Set(asked)] : Object.keys(config.subsystems);
    for (const name of names) subsystemOf(config, name);
    const isDryRun = options.dryRun === true;
    const ask = { isReadOnly: isDryRun, withoutLedger: options.withoutLedger === true };
    const rows = await withEngine(config, terminal, names, ask, async (deps) => {
      const { signal } = terminal;
      const how = { signal, isUrgent: options.now === true, adopts: options.adopt === true };
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
    // Nobody else may be running who would send them.
    if (ledger.kind === "convex" && !ask.isReadOnly) await ledger.flush();
    return result;
  } finally {
    await ledger.close();
  }
}

/** What somebody waits for is only a refusal if it was asked for by name. */
function exitCodeOf(rows: readonly AppliedSubsystem[], isByName: boolean): number {
  const has = (...states: AppliedSubsystem["state"][]) =>
    rows.some(({ state }) => states.includes(state));
  if (has("rolled-back", "needs-operator", "failed")) return EXIT_CODES.failed;
  return has("refused") || (isByName && has("waiting")) ? EXIT_CODES.refused : EXIT_CODES.done;
}

function describe(row: AppliedSubsystem): string {
  const { name, state, version, from, reason, detail } = row;
  const why = reason === null ? "" : `\n  ${reason}: ${nextStep(reason, name)}`;
  const now = from ?? "nothing";
  switch (state) {
    case "current":
      return `${name}: ${now} runs, and that is what it should`;
    case "committed":
      return `${name}: ${version} runs, in place of ${now}`;
    case "would-install":
      return `${name}: ${version} would be installed in place of ${now}`;
    case "waiting":
      return `${name}: ${now} stays for now. ${detail}${why}`;
    case "refused":
      return `${name}: ${version ?? "the release"} is refused, ${now} stays. ${detail}${why}`;
    case "rolled-back":
      return `${name}: ${version} was not well, ${row.restored ?? now} runs again. ${detail}${why}`;
    case "needs-operator":
      return `${name}: somebody has to come. ${detail}${why}`;
    case "failed":
      return `${name}: ${detail}`;
    default:
      return state satisfies never;
  }
}

function nextStep(reason: ReasonCode, name: string): string {
  return REASONS[reason].replaceAll("NAME", name);
}
