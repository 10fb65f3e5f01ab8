/** Whether a version is a free name for a service. A tag of an image names one image for ever. */
import type { DeployedInputs, NamedBuild } from "@tideline/version";
import { compareVersions } from "@tideline/version/bump";

/** What would be given a name. */
export interface Named {
  readonly inputsId: string;
  /** Null where no commit holds all of it. */
  readonly commit: string | null;
  /** An image's tag is the same in all environments; what has none is called so in one. */
  readonly hasImage: boolean;
  readonly environment: string;
}

/** Gives all that is known to be called something, for one service. */
export function allNamed(
  { live, known, named = [] }: Pick<DeployedInputs, "live" | "known" | "named">,
  { inputsId, environment }: Pick<Named, "inputsId" | "environment">,
): readonly NamedBuild[] {
  // Of a ledger that kept no names yet, these two are known all the same.
  const version = live?.version ?? null;
  return [
    ...named,
    ...(live === null || version === null ? [] : [{ ...live, version, environment }]),
    ...(known === null ? [] : [{ ...known, inputsId }]),
  ];
}

/**
 * What stands in the way of building something under a version: whatever was called so before. An
 * image that is built again from the same inputs is another one, unless its commit is the same.
 */
export function takenForBuild(
  names: readonly NamedBuild[],
  version: string,
  { inputsId, commit, hasImage, environment }: Named,
): NamedBuild | null {
  const isOwn = (name: NamedBuild) =>
    name.inputsId === inputsId && (!hasImage || (commit !== null && name.gitCommit === commit));
  const others = names.filter(
    (name) =>
      name.version === version && (hasImage || name.environment === environment) && !isOwn(name),
  );
  return others[0] ?? null;
}

/** Whether the version was given to these inputs by this very commit, whose run may have failed. */
export function isOwnName(
  names: readonly NamedBuild[],
  version: string,
  { inputsId, commit, environment }: Named,
): boolean {
  return names.some(
    (name) =>
      name.version === version &&
      name.environment === environment &&
      name.inputsId === inputsId &&
      commit !== null &&
      name.gitCommit === commit,
  );
}

/** Whether an image may get a version's tag: nothing but this image was ever called so. */
export function isFreeForImage(
  names: readonly NamedBuild[],
  version: string,
  digest: string,
): boolean {
  return names.every((name) => name.version !== version || name.imageDigest === digest);
}

/** True if both are semantic versions and the first is the later one. */
export function isLater(one: string | null, other: string): boolean {
  return isVersion(one) && isVersion(other) && compareVersions(one, other) > 0;
}

/** What is live may have another kind of name, a commit's for example. */
export function isVersion(name: string | null): name is string {
  try {
    return name !== null && compareVersions(name, name) === 0;
  } catch {
    return false;
  }
}
