import type { Severity } from "./latest-deployment.js";

/** How a running build stands to what its target serves now. */
export type Verdict =
  /** Nothing can be said, so nothing is said. */
  | { readonly kind: "unknown"; readonly reason: "no-stamp" | "not-recorded" }
  | { readonly kind: "current" }
  /** The build is newer than the ledger's pointer: its record is on the way. */
  | { readonly kind: "ahead" }
  | {
      readonly kind: "outdated";
      readonly reason: "superseded" | "rolled-back";
      /** The highest severity since this build was last live. */
      readonly severity: Severity;
    };
