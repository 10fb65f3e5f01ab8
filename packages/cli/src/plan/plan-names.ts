/** Under which version what is built may be called, and what is refused. */
import { shortCommit } from "@tideline/version";
import { bumpVersion } from "@tideline/version/bump";
import { CommandError } from "../command-error.js";
import type { Comparison } from "./compare-service.js";
import type { PlanFacts } from "./plan.js";
import { isLater, isOwnName, takenForBuild } from "./taken-names.js";

// What the ledger tells of in one answer.
const ASKED_VERSIONS = 5;

/** Whose names a plan has to know: it begins with the first, and a bump may lead to the others. */
export function versionsToAsk({ kind, text }: PlanFacts["version"]): readonly string[] {
  if (kind !== "file") return [text];
  const versions = [text];
  while (versions.length < ASKED_VERSIONS) versions.push(nextVersion(versions.at(-1) ?? text));
  return versions;
}

/** The source of the version has to differ for people, and an image for its registry. */
function isBuiltByName({ state, service, image }: Comparison): boolean {
  return state === "new" && (service.isVersionSource || image !== null);
}

/**
 * Whether what is built cannot be called by this version: something else was, or a later one is live
 * already, for a commit may be pushed before the bump of the one before it has landed. What this
 * commit's own failed run began goes on under its name.
 */
export function needsVersion(found: Comparison, version: string): boolean {
  const { live, names, self } = found;
  if (!isBuiltByName(found)) return false;
  if (takenForBuild(names, version, self) !== null) return true;
  return isLater(live?.version ?? null, version) && !isOwnName(names, version, self);
}

/** A release is what its tag says: to call it otherwise would be to invent a version. */
export function refuseTaken(
  found: Comparison,
  { environment, version: { text } }: PlanFacts,
): void {
  const taken = isBuiltByName(found) ? takenForBuild(found.names, text, found.self) : null;
  if (taken === null) return;
  const from = taken.gitCommit === null ? "" : ` from ${shortCommit(taken.gitCommit)}`;
  throw new CommandError(
    "conflict",
    `Cannot plan ${environment} as ${text}: expected a name that nothing else has, got the one of another build of ${found.service.name}${from} in ${taken.environment}; bump the version and release that`,
  );
}

/** The next version above all that are live that names nothing of what is named by its version. */
export function freeVersion(compared: readonly Comparison[], version: string): string {
  const highest = compared
    .map(({ live }) => live?.version ?? version)
    .reduce((one, live) => (isLater(live, one) ? live : one), version);
  let next = nextVersion(highest);
  while (
    compared.some(
      ({ service, image, names, self }) =>
        (service.isVersionSource || image !== null) && takenForBuild(names, next, self) !== null,
    )
  ) {
    next = nextVersion(next);
  }
  return next;
}

function nextVersion(version: string): string {
  return bumpVersion(version, "patch");
}
