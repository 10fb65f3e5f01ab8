/** What a deployment would do, decided from what is here and what is live. Pure. */
import type { DeployedInputs } from "@tideline/version";
import type { TidelineConfig } from "../config/config.js";
import { compareService } from "./compare-service.js";
import { decideEntry } from "./decide-entry.js";
import { freeVersion, needsVersion, refuseTaken } from "./plan-names.js";

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
  /** What its image will be tagged anew; "latest" is among them where it may move. */
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
  /**
   * What the version file says, what a release's tag says (which nothing may bump), or what a build
   * without both is called.
   */
  readonly version: { readonly kind: "file" | "release" | "label"; readonly text: string };
  readonly inputsIds: ReadonlyMap<string, string>;
  /** By the service's name. */
  readonly deployed: ReadonlyMap<string, DeployedInputs>;
}

/**
 * Decides what to do with each service, by what is live and never by what a commit changed.
 *
 * @throws {CommandError} `conflict`, if a release's version is the name of something else.
 */
export function makePlan(facts: PlanFacts): Plan {
  const { config, environment, commit, version: start } = facts;
  const compared = [...config.services.values()].map((service) => compareService(service, facts));
  if (start.kind === "release") for (const found of compared) refuseTaken(found, facts);
  const bump = start.kind === "file" && compared.some((found) => needsVersion(found, start.text));
  const version = bump ? freeVersion(compared, start.text) : start.text;
  const entries = compared.map((found) => decideEntry(found, { ...facts, next: version }));
  return { environment, commit, version, bump, entries };
}
