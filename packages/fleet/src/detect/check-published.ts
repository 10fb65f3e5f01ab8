/** One subsystem of a machine that builds nothing: what it has, and what its fleet has published. */
import {
  type FleetTarget,
  parseReleaseManifest,
  type ReleaseManifest,
  updateClass,
} from "@tideline/version/fleet";
import type { SubsystemConfig } from "../config/sync-config.js";
import { type DecideDeps, decide } from "../engine/decide.js";
import { isUnderWay } from "../engine/is-under-way.js";
import type { ServiceProblem } from "../engine/look-at-service.js";
import type { Plan } from "../engine/plan.js";
import type { CheckedSubsystem } from "./checked-subsystem.js";
import { type CurrentVersion, NOTHING, readCurrentVersion } from "./current-version.js";
import type { UpdateVerdict } from "./judge-update.js";
import { isSemver } from "./version-tags.js";

/**
 * Says whether the ledger asks for something newer than what the machine has: exactly what `apply` would
 * decide now, with its reason where it would not.
 *
 * @param target Null if nothing was published.
 * @param lookAtService Says what is wrong with the service of what is current; left out: not looked at.
 */
export async function checkPublished(
  deps: DecideDeps,
  subsystem: SubsystemConfig,
  target: FleetTarget | null,
  lookAtService?: (subsystem: SubsystemConfig) => Promise<ServiceProblem | null>,
): Promise<CheckedSubsystem> {
  const { name, upstream, override } = subsystem;
  const [noted, { plan, facts }] = await Promise.all([
    readCurrentVersion(subsystem),
    decide(deps, subsystem, target),
  ]);
  // A `.version` without its binary tells of what is gone.
  const current = facts.live.state === "absent" ? NOTHING : noted;
  const tagPrefix = upstream?.tagPrefix ?? "v";
  const manifest = manifestOf(plan, target);
  const version = manifest?.version ?? plan.version;
  const verdict = verdictOf(plan, current);
  const isThere = current.from === "version-file" && verdict.state === "current";
  const problem = isThere && lookAtService ? await look(deps, subsystem, lookAtService) : null;
  const tag = version === null ? null : (manifest?.upstream?.tag ?? tagOf(version, tagPrefix));
  return {
    ...{ ...verdict, ...problem },
    ...{ name, override, current, strategy: "published" },
    upstreamRepo: upstream?.remotes[0] ?? manifest?.upstream?.url ?? null,
    currentTag: current.version === null ? null : tagOf(current.version, tagPrefix),
    latest: version === null ? null : { tag, commit: manifest?.upstream?.oid ?? null },
    updateClass:
      current.version === null || version === null || current.version === version
        ? null
        : updateClass(current.version, version),
  };
}

/** Says nothing of a service that somebody is just updating: it may be in the middle of its restart. */
async function look(
  { config }: DecideDeps,
  subsystem: SubsystemConfig,
  lookAtService: (subsystem: SubsystemConfig) => Promise<ServiceProblem | null>,
): Promise<ServiceProblem | null> {
  const isBusy = () => isUnderWay(config.state, subsystem.name);
  if (await isBusy()) return null;
  const problem = await lookAtService(subsystem);
  return problem !== null && (await isBusy()) ? null : problem;
}

function verdictOf(plan: Plan, { from }: CurrentVersion): UpdateVerdict {
  switch (plan.action) {
    case "install": {
      const state = from === "none" ? "not-installed" : "update-available";
      return { state, isAvailable: true, reason: null, detail: null };
    }
    case "nothing": {
      if (plan.seq !== null && from !== "checkout") break;
      // Not the newest, as there is none: nobody can tell.
      const detail =
        plan.seq === null ? "no release of it was found" : "nobody has noted what its binary is";
      return { state: "unknown", isAvailable: false, reason: null, detail };
    }
    case "relabel":
      break;
    case "wait":
    case "refuse": {
      const state = plan.action === "wait" ? "waiting" : "refused";
      return { state, isAvailable: false, reason: plan.reason, detail: plan.detail };
    }
    default:
      return plan satisfies never;
  }
  return { state: "current", isAvailable: false, reason: null, detail: null };
}

/** For names alone: of a release that is not installed, nobody has verified what it says. */
function manifestOf(plan: Plan, target: FleetTarget | null): ReleaseManifest | null {
  if (plan.action === "install" || plan.action === "relabel") return plan.manifest;
  const release = [target?.rollout, target?.settled].find((one) => one?.seq === plan.seq)?.release;
  try {
    return release === undefined ? null : parseReleaseManifest(release.manifest);
  } catch {
    // What cannot be read is refused with its reason; here it only gives no names.
    return null;
  }
}

function tagOf(version: string, tagPrefix: string): string {
  return isSemver(version) ? `${tagPrefix}${version}` : version;
}
