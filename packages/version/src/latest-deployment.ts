import type { BuildId } from "./build-stamp.js";

/** How a build came to be recorded. */
export type DeploymentKind = "deploy" | "redeploy" | "rollback";

/** How urgent a deployment is to those who run an older build. */
export type Severity = "normal" | "critical";

/** What the ledger knows of the build that a client asked about. */
export type ClientBuild =
  | { readonly state: "unknown" }
  /** Announced and on its way, not yet live here. */
  | { readonly state: "pending" }
  /** Live on this target in some epoch from `firstEpoch` to `lastEpoch`. */
  | { readonly state: "known"; readonly firstEpoch: number; readonly lastEpoch: number };

/**
 * What a target serves now: the public answer of `watchLatestDeployment`. Holds no token and no
 * claim of who recorded it.
 */
export interface LatestDeployment {
  readonly appName: string;
  readonly environment: string;
  readonly buildId: BuildId;
  readonly version: string;
  readonly gitCommit: string;
  readonly gitTag: string | null;
  readonly buildNumber: number;
  /** ms since epoch. */
  readonly buildTime: number;
  /** ms since epoch, by the server's clock. */
  readonly deployedAt: number;
  readonly notes: string | null;
  /** Grows by one when, and only when, the target's build id changes. */
  readonly epoch: number;
  /** How the live build came to be live; a redeploy of it does not change this. */
  readonly kind: "deploy" | "rollback";
  /** The first epoch in which the live build was live. */
  readonly firstEpoch: number;
  /** The newest epoch that a critical deployment belongs to, or null. */
  readonly criticalEpoch: number | null;
  /** About the `buildId` that the query was asked with; `unknown` if it was asked without. */
  readonly clientBuild: ClientBuild;
}
