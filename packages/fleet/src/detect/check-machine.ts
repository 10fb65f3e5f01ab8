/** `tideline-sync check` without its terminal: each subsystem is looked at where its newest comes from. */
import type { FleetTarget } from "@tideline/version/fleet";
import type { SubsystemConfig, SyncConfig } from "../config/sync-config.js";
import type { DecideDeps } from "../engine/decide.js";
import { isDeveloperMachine } from "../publish/is-developer-machine.js";
import { SyncError } from "../sync-error.js";
import { checkPublished } from "./check-published.js";
import { checkUpstreams, type FailedCheck, withUpstreamsLock } from "./check-upstreams.js";
import type { CheckedSubsystem } from "./checked-subsystem.js";
import { type CurrentVersion, NOTHING, readCurrentVersion } from "./current-version.js";
import type { DetectWorld } from "./detect-world.js";
import { manifestPath, mergeIntoManifest } from "./version-manifest.js";

/** Where the newest of a subsystem is looked for. */
export type CheckSource = "upstream" | "published" | "nowhere";

/** How a machine is checked. */
export interface MachineCheckOptions {
  readonly names: readonly string[];
  /** Upstreams alone, also where this machine builds nothing. */
  readonly onlyUpstream: boolean;
  /** What the machine has; by default what lies beside its binaries, or in its checkouts. */
  readonly currentOf?: (subsystem: SubsystemConfig) => Promise<CurrentVersion>;
  /** Opens the ledger for those that are installed from it; not called if there are none. */
  readonly openTargets: (names: readonly string[]) => Promise<OpenTargets>;
}

/** What the ledger asks for, and what it takes to decide about it. */
export interface OpenTargets {
  readonly deps: DecideDeps;
  readonly targets: readonly FleetTarget[];
  /** See {@link checkPublished}. */
  readonly lookAtService?: Parameters<typeof checkPublished>[3];
}

/** What came of it, both in the configuration's order. */
export interface MachineCheck {
  readonly checks: readonly CheckedSubsystem[];
  readonly failures: readonly FailedMachineCheck[];
}

/** What the machine has is known also where nobody says what is newest. */
export interface FailedMachineCheck extends FailedCheck {
  readonly current: CurrentVersion;
}

/**
 * Checks subsystems and writes the manifest.
 *
 * @throws {SyncError} `STATE_DAMAGED`. What goes wrong with one subsystem is in the result.
 */
export async function checkMachine(
  config: SyncConfig,
  { names, onlyUpstream, currentOf = readCurrentVersion, openTargets }: MachineCheckOptions,
  world: DetectWorld,
): Promise<MachineCheck> {
  const sources = new Map<string, CheckSource>();
  for (const name of names) {
    const subsystem = config.subsystems[name];
    if (subsystem === undefined) continue;
    const { upstream } = subsystem;
    const source =
      upstream !== null && onlyUpstream ? "upstream" : await sourceOf(config, subsystem);
    sources.set(name, source);
  }
  const of = (source: CheckSource): string[] => names.filter((one) => sources.get(one) === source);
  const built = await checkUpstreams(config, { only: of("upstream"), currentOf }, world);
  const installed = await checkInstalled(config, of("published"), openTargets, world);
  const unchecked: CheckedSubsystem[] = [];
  for (const name of of("nowhere")) {
    const subsystem = config.subsystems[name];
    if (subsystem !== undefined) unchecked.push(uncheckable(subsystem, await currentOf(subsystem)));
  }
  const failures: FailedMachineCheck[] = [];
  for (const failure of [...built.failures, ...installed.failures]) {
    const subsystem = config.subsystems[failure.name];
    const current = subsystem === undefined ? NOTHING : await currentOf(subsystem);
    failures.push({ ...failure, current });
  }
  const inOrder = <T extends { readonly name: string }>(items: readonly T[]): T[] =>
    [...items].sort((a, b) => names.indexOf(a.name) - names.indexOf(b.name));
  return {
    checks: inOrder([...built.checks, ...installed.checks, ...unchecked]),
    failures: inOrder(failures),
  };
}

/**
 * A machine with the source checkout builds a subsystem itself and looks upstream; another one takes
 * what the fleet has published, if there is a place for that.
 */
export async function sourceOf(
  { ledger, releases }: Pick<SyncConfig, "ledger" | "releases">,
  subsystem: SubsystemConfig,
): Promise<CheckSource> {
  const { upstream } = subsystem;
  if (upstream !== null && (await isDeveloperMachine(subsystem))) return "upstream";
  if (ledger !== null || releases !== null) return "published";
  return upstream === null ? "nowhere" : "upstream";
}

/** It is said to be there, and that nobody can tell whether it is the newest. */
function uncheckable(
  { name, override }: SubsystemConfig,
  current: CurrentVersion,
): CheckedSubsystem {
  return {
    ...{ name, override, current, state: "unknown", isAvailable: false, reason: "NO_RELEASE_HOST" },
    detail: "it has no upstream, and neither ledger nor release host is configured",
    ...{
      upstreamRepo: null,
      strategy: "published",
      currentTag: null,
      latest: null,
      updateClass: null,
    },
  };
}

async function checkInstalled(
  config: SyncConfig,
  names: readonly string[],
  openTargets: MachineCheckOptions["openTargets"],
  world: DetectWorld,
): Promise<{
  readonly checks: readonly CheckedSubsystem[];
  readonly failures: readonly FailedCheck[];
}> {
  if (names.length === 0) return { checks: [], failures: [] };
  let opened: OpenTargets;
  try {
    opened = await openTargets(names);
  } catch (error) {
    if (!(error instanceof SyncError)) throw error;
    return { checks: [], failures: names.map((name) => ({ name, error })) };
  }
  const checks: CheckedSubsystem[] = [];
  for (const name of names) {
    const subsystem = config.subsystems[name];
    if (subsystem === undefined) continue;
    const target = opened.targets.find((one) => one.subsystem === name) ?? null;
    checks.push(await checkPublished(opened.deps, subsystem, target, opened.lookAtService));
  }
  const known = new Set(Object.keys(config.subsystems));
  await withUpstreamsLock(config.state, world.signal, () =>
    mergeIntoManifest(manifestPath(config), checks, known, world.now()),
  );
  return { checks, failures: [] };
}
