import type { DeploymentKind, Severity } from "./latest-deployment.js";

/** The arguments of `recordDeployment`: what CI says about a deployment. */
export interface DeploymentRecord {
  readonly appName: string;
  readonly environment: string;
  readonly version: string;
  /**
   * Full SHA where there is one; a short one is stored as it came. `"<sha>-dirty"` for what was
   * built outside CI from a tree with changes: no commit's own name, so it is never compared.
   */
  readonly gitCommit: string;
  readonly buildNumber: number;
  /** ms since epoch, from the stamp. */
  readonly buildTime: number;
  readonly gitTag?: string | null;
  /** Absent: `"label:<version>"`. */
  readonly buildId?: string;
  readonly severity?: Severity;
  readonly notes?: string;
  /** ms since epoch. */
  readonly commitTime?: number;
  /** Fingerprint of the inputs that it was built from; for `tideline plan`, decides nothing here. */
  readonly inputsId?: string;
  /** `"sha256:"` and 64 hex digits: the image that runs. */
  readonly imageDigest?: string;
  /** The same key gives the same answer and no second row. */
  readonly idempotencyKey?: string;
  /** Allows a commit that was live before and is not now. */
  readonly allowRollback?: boolean;
  /**
   * The target's epoch that the deployer saw when it looked at what is served. Given, the record
   * is taken only while the target is still there; absent, the order of arrival decides.
   */
  readonly asOfEpoch?: number;
  /** The record token. Never stored. */
  readonly token?: string;
}

/** Why the ledger refused an authenticated caller. Stable: scripts may branch on it. */
export type RefusalCode =
  /** The commit was live here before and is not now; `allowRollback` was not given. */
  | "ROLLBACK_NOT_ALLOWED"
  /** Somebody holds the target. */
  | "TARGET_HELD"
  /** The target moved on since `asOfEpoch`. */
  | "SUPERSEDED"
  /** There is no announcement to abort. */
  | "NOTHING_PENDING"
  /** Nothing was ever recorded for the target, so there is nothing to hold or release. */
  | "NOTHING_RECORDED";

/** The answer of `recordDeployment`. A refusal by policy is an answer, not an error. */
export type RecordAnswer =
  | {
      readonly ok: true;
      readonly deploymentId: string;
      readonly kind: DeploymentKind;
      readonly buildId: string;
      readonly epoch: number;
      /** True if this very record (same idempotency key) was already there. */
      readonly alreadyRecorded: boolean;
    }
  | { readonly ok: false; readonly code: RefusalCode; readonly message: string };

/** The answer of `announceDeployment`. */
export type AnnounceAnswer =
  | {
      readonly ok: true;
      /** `live`: the build is or was live here, so there is nothing to announce. */
      readonly state: "pending" | "live";
      readonly buildId: string;
      /** What to pass as `asOfEpoch` when the deployment is recorded. */
      readonly epoch: number;
      /** ms since epoch at which the announcement ends by itself; null for `live`. */
      readonly expiresAt: number | null;
    }
  | { readonly ok: false; readonly code: RefusalCode; readonly message: string };

/** What `findDeployedInputs` knows of one service. */
export interface DeployedInputs {
  readonly appName: string;
  /** What is live in the environment that was asked for; null if nothing is recorded there. */
  readonly live: {
    readonly version: string | null;
    readonly buildId: string;
    readonly gitCommit: string | null;
    readonly gitTag: string | null;
    readonly inputsId: string | null;
    readonly imageDigest: string | null;
    readonly epoch: number;
    /** ms since epoch. */
    readonly deployedAt: number | null;
    /** Why and since when (ms since epoch) the target takes no record. */
    readonly hold: { readonly reason: string; readonly since: number } | null;
  } | null;
  /**
   * The newest build of the service that was once live with the inputs that were asked for: in
   * that environment, else in any other; null if there is none.
   */
  readonly known: {
    readonly environment: string;
    readonly version: string;
    readonly buildId: string;
    readonly gitCommit: string | null;
    readonly imageDigest: string | null;
  } | null;
  /**
   * What the versions that were asked for were ever the name of, in that environment and in all
   * others. Absent if none was asked for.
   */
  readonly named?: readonly NamedBuild[];
}

/** Something that was announced or recorded under a version. */
export interface NamedBuild {
  readonly version: string;
  readonly environment: string;
  readonly inputsId: string | null;
  /** The first commit that gave these inputs this name. */
  readonly gitCommit: string | null;
  readonly imageDigest: string | null;
}

/** The stable `code` in the data of every ConvexError that the ledger throws. */
export type LedgerErrorCode =
  | "UNAUTHENTICATED"
  | "RECORDING_NOT_CONFIGURED"
  /** A setting of the fleet is missing; the sentence names it. */
  | "FLEET_NOT_CONFIGURED"
  | "INVALID_ARGUMENT"
  | "INVALID_SETTING"
  | "PRIVATE_HISTORY"
  /** The token of a workflow run is good, and its run is none that may do this. */
  | "NOT_TRUSTED"
  /** The keys of the tokens' issuer cannot be fetched; safe to try again. */
  | "ISSUER_UNAVAILABLE"
  | "IDEMPOTENCY_KEY_REUSED";
