import type { Severity } from "@tideline/version";
import type { Env } from "../terminal.js";

/** What to record and where; options go before environment variables, and these before the file. */
export interface DeploymentOptions {
  /** The artifact's folder, which holds `version.json`. @default "dist" */
  readonly dist?: string;
  /** The `version.json` itself, where it lies elsewhere. */
  readonly file?: string;
  /** Records a build that has no `version.json`: its version's name is its identity. */
  readonly label?: string;
  /** The public address that serves the build; its stamp is read there. */
  readonly published?: string;
  /** @default TIDELINE_APP, else APP_NAME, else the stamp's */
  readonly appName?: string;
  /** @default TIDELINE_ENVIRONMENT, else the stamp's */
  readonly environment?: string;
  /** The Convex deployment. @default CONVEX_URL, else CONVEX_SELF_HOSTED_URL */
  readonly url?: string;
  /** The deployment's HTTP actions. @default CONVEX_SITE_URL, else the one beside a .convex.cloud */
  readonly siteUrl?: string;
  /** @default TIDELINE_RECORD_TOKEN, else `.tideline/record-token` here or above */
  readonly token?: string;
  /** What the build was made from. @default GITHUB_SHA, else the stamp's; outside CI with "-dirty" where it is */
  readonly gitCommit?: string;
  /** Fingerprint of the inputs that it was built from, for `tideline plan`. */
  readonly inputsId?: string;
  /** The image that runs, as `"sha256:…"`. */
  readonly imageDigest?: string;
  /** Allows a commit that was live before and is not now. @default false */
  readonly allowRollback?: boolean;
  /** @default "normal" */
  readonly severity?: Severity;
  /** A sentence for those who are told of the update; at most 4096 bytes. */
  readonly notes?: string;
  /** The epoch that the target must still have. @default any */
  readonly asOfEpoch?: number;
  /** @default one for this attempt of this CI job, else a random one */
  readonly idempotencyKey?: string;
  /** How long to try in all. @default 60_000 */
  readonly timeoutMs?: number;
  /** Stops trying. */
  readonly signal?: AbortSignal;
  /** Told of warnings and of each failed attempt, a sentence at a time. @default nobody */
  readonly log?: (sentence: string) => void;
  /** @default process.cwd() */
  readonly cwd?: string;
  /** @default process.env */
  readonly env?: Env;
}
