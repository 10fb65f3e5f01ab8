/** What a deployment would do, decided from what is here and what is live. Pure. */
import type { DeployedInputs } from "@tideline/version";
import { bumpVersion, compareVersions } from "@tideline/version/bump";
import type { ServiceConfig, TidelineConfig } from "../config/config.js";
import { imageName } from "../images/describe-image.js";
import { imageTags } from "../images/image-tags.js";

/** What is to be done with one service. */
export interface PlanEntry {
  readonly service: string;
  /** What the ledger calls it. */
  readonly appName: string;
  /** The version that is live; null if none is recorded. */
  readonly current: string | null;
  /** The version that it will have. */
  readonly next: string;
  /**
   * `build`: its inputs were never live. `restore`: they were, as the build with this digest.
   * `reuse`: they are live, and its image gets more tags. `skip`: there is nothing to do.
   */
  readonly action: "build" | "reuse" | "restore" | "skip";
  /** One sentence without its subject; the same at any clone depth. */
  readonly reason: string;
  readonly inputsId: string;
  /** Its name without tag; null without one. */
  readonly image: string | null;
  /** Of the image that is live, to reuse or to restore; null if it is built or not known. */
  readonly digest: string | null;
  /** What its image will be tagged; "latest" is among them where it may move. */
  readonly tags: readonly string[];
  /** Why its target takes no record; null if it does. */
  readonly hold: string | null;
}

/** What is to be done with everything. */
export interface Plan {
  readonly environment: string;
  /** Null where no commit holds all of it. */
  readonly commit: string | null;
  /** The version that what is built will have. */
  readonly version: string;
  /** True if `version` is not in the version file yet. */
  readonly bump: boolean;
  /** In the order of the configuration. */
  readonly entries: readonly PlanEntry[];
}

/** What a plan is made from. */
export interface PlanFacts {
  readonly config: TidelineConfig;
  readonly environment: string;
  readonly commit: string | null;
  /** What the version file says, or what a build without one is called. */
  readonly version: { readonly kind: "file" | "label"; readonly text: string };
  readonly inputsIds: ReadonlyMap<string, string>;
  /** By the service's name. */
  readonly deployed: ReadonlyMap<string, DeployedInputs>;
}

/** Decides what to do with each service, by what is live and never by what a commit changed. */
export function makePlan(facts: PlanFacts): Plan {
  const { config, environment, commit, version: start } = facts;
  const compared = [...config.services.values()].map((service) => compare(service, facts));
  const bump = start.kind === "file" && compared.some((found) => needsVersion(found, facts));
  const version = bump ? bumpVersion(highestLive(compared, start.text), "patch") : start.text;
  const entries = compared.map((found) => decide(found, { ...facts, next: version }));
  return { environment, commit, version, bump, entries };
}

/** How a service's inputs stand to what is live. */
interface Comparison {
  readonly service: ServiceConfig;
  readonly image: string | null;
  readonly inputsId: string;
  readonly live: DeployedInputs["live"];
  readonly known: DeployedInputs["known"];
  readonly state: "live" | "known" | "new";
}

function compare(service: ServiceConfig, facts: PlanFacts): Comparison {
  const { config, inputsIds, deployed } = facts;
  const { live = null, known = null } = deployed.get(service.name) ?? {};
  const inputsId = inputsIds.get(service.name) ?? "";
  const image = imageName(config, service);
  const isKnown = known !== null && (image === null || known.imageDigest !== null);
  const state = live?.inputsId === inputsId ? "live" : isKnown ? "known" : "new";
  return { service, image, inputsId, live, known, state };
}

/**
 * Whether what is built would be called what is live already: the source of the version must
 * differ for people, and the tag of an image names one image for ever.
 */
function needsVersion(
  { state, service, image, live }: Comparison,
  { version }: PlanFacts,
): boolean {
  const isNamedByVersion = service.isVersionSource || image !== null;
  return (
    state === "new" && isNamedByVersion && live !== null && isTaken(live.version, version.text)
  );
}

/**
 * A name is taken by what is live under it, and by what is live under a later one: a commit may
 * have been pushed before the bump of the one before it had landed.
 */
function isTaken(live: string | null, version: string): boolean {
  if (live === null) return false;
  return live === version || (isVersion(live) && compareVersions(live, version) > 0);
}

function highestLive(compared: readonly Comparison[], version: string): string {
  return compared
    .map(({ live }) => live?.version ?? version)
    .filter(isVersion)
    .reduce((highest, live) => (compareVersions(live, highest) > 0 ? live : highest), version);
}

/** What is live may have another kind of name, a commit's for example. */
function isVersion(name: string): boolean {
  try {
    return compareVersions(name, name) === 0;
  } catch {
    return false;
  }
}

function decide(found: Comparison, facts: PlanFacts & { readonly next: string }): PlanEntry {
  const { service, image, inputsId, live, known, state } = found;
  const { environment, commit, next } = facts;
  const { tagSuffix } = service;
  const tagsOf = (version: string | null, from: string | null) =>
    image === null || version === null
      ? { immutable: [], moving: [] }
      : listTags(version, from, tagSuffix);
  const common = {
    service: service.name,
    appName: service.appName,
    current: live?.version ?? null,
    inputsId,
    image,
    hold: live?.hold?.reason ?? null,
  };
  const built = (reason: string): PlanEntry => {
    const { immutable, moving } = tagsOf(next, commit);
    const tags = [...immutable, ...moving];
    return { ...common, next, action: "build", reason, digest: null, tags };
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
    // Back to what it was, by name too: "latest" has moved on and does not go back.
    const where = known.environment === environment ? "" : ` in ${known.environment}`;
    return {
      ...common,
      next: known.version,
      action: "restore",
      reason: `its inputs were live before${where}, as ${known.version}`,
      digest: image === null ? null : known.imageDigest,
      tags: tagsOf(known.version, commitOf(known.gitCommit)).immutable,
    };
  }
  const from = commitOf(live?.gitCommit ?? null);
  const isTagged = live?.version === next || facts.version.kind === "label";
  if (image === null || isTagged) {
    return {
      ...common,
      next: live?.version ?? next,
      action: "skip",
      reason: "its inputs are live",
      digest: image === null ? null : (live?.imageDigest ?? null),
      tags: tagsOf(live?.version ?? null, from).immutable,
    };
  }
  if (live?.imageDigest == null) {
    return built("its inputs are live, but the digest of its image was not recorded");
  }
  const { immutable, moving } = tagsOf(next, from);
  return {
    ...common,
    next,
    action: "reuse",
    reason: `its inputs are live, and its image gets the tag of ${next}`,
    digest: live.imageDigest,
    tags: [...immutable, ...moving],
  };
}

function listTags(version: string, commit: string | null, tagSuffix: string) {
  const { immutable, moving } = imageTags({ version, commit, tagSuffix });
  return { immutable, moving: [moving] };
}

/** A record may name what is no commit: a tree with changes, or nothing. */
function commitOf(recorded: string | null): string | null {
  return recorded !== null && /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(recorded) ? recorded : null;
}
