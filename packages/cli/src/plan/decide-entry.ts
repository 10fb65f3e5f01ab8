import type { DeployedInputs } from "@tideline/version";
import { imageTags } from "../images/image-tags.js";
import type { Comparison } from "./compare-service.js";
import type { PlanEntry, PlanFacts } from "./plan.js";
import { isFreeForImage, isLater, takenForBuild } from "./taken-names.js";

/** Decides what to do with one service. */
export function decideEntry(
  found: Comparison,
  facts: PlanFacts & { readonly next: string },
): PlanEntry {
  const { service, image, inputsId, live, known, state, names } = found;
  const { environment, commit, next, version } = facts;
  const common = {
    service: service.name,
    appName: service.appName,
    current: live?.version ?? null,
    inputsId,
    image,
    hold: live?.hold?.reason ?? null,
  };
  /** Of a version, and of the commit that an image is built from. */
  const tagsOf = (name: string, from: string | null) =>
    image === null
      ? null
      : imageTags({ version: name, commit: from, tagSuffix: service.tagSuffix });
  const listed = (name: string, from: string | null) => {
    const tags = tagsOf(name, from);
    return tags === null ? [] : [...tags.immutable, tags.moving];
  };
  const built = (reason: string): PlanEntry => {
    return { ...common, next, action: "build", reason, digest: null, tags: listed(next, commit) };
  };
  if (live === null && state === "new") return built(`nothing is recorded in ${environment} yet`);
  if (state === "new") {
    return built(
      live?.inputsId == null
        ? "what is live was recorded without its inputs"
        : "its inputs differ from what is live",
    );
  }
  if (state === "known" && known !== null) {
    const where = known.environment === environment ? "" : ` in ${known.environment}`;
    const name = restoredName(found, known, facts);
    return {
      ...common,
      next: name,
      action: "restore",
      reason: `its inputs were live before${where}, as ${known.version}`,
      digest: image === null ? null : known.imageDigest,
      // Back to what it was, by name too: then "latest" has moved on and does not go back.
      tags: name === known.version ? (tagsOf(name, null)?.immutable ?? []) : listed(name, null),
    };
  }
  const skipped = (reason: string): PlanEntry => ({
    ...common,
    next: live?.version ?? next,
    action: "skip",
    reason,
    digest: image === null ? null : (live?.imageDigest ?? null),
    tags: [],
  });
  if (image === null || live?.version === next || version.kind === "label") {
    return skipped("its inputs are live");
  }
  if (version.kind === "file" && isLater(live?.version ?? null, next)) {
    return skipped(`its inputs are live, under a later version than ${next}`);
  }
  const digest = live?.imageDigest ?? null;
  const isFree =
    digest === null
      ? takenForBuild(names, next, found.self) === null
      : isFreeForImage(names, next, digest);
  if (!isFree) return skipped(`its inputs are live, and ${next} is the name of another image`);
  if (digest === null) {
    return built("its inputs are live, but the digest of its image was not recorded");
  }
  return {
    ...common,
    next,
    action: "reuse",
    reason: `its inputs are live, and its image gets the tag of ${next}`,
    digest,
    // It has the tag of the commit that it was built from, and no other commit's.
    tags: listed(next, null),
  };
}

/** What is restored is called like everything else of its deployment, unless that name is taken. */
function restoredName(
  { image, names, self }: Comparison,
  known: NonNullable<DeployedInputs["known"]>,
  { next, version: { kind } }: PlanFacts & { readonly next: string },
): string {
  const { version, imageDigest } = known;
  if (kind === "label") return version;
  if (kind === "file" && (image === null || isLater(version, next))) return version;
  const isFree =
    image === null || imageDigest === null
      ? takenForBuild(names, next, self) === null
      : isFreeForImage(names, next, imageDigest);
  return isFree ? next : version;
}
