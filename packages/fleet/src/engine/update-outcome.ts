import type { ReasonCode } from "@tideline/version/fleet";

/** What came of looking after one subsystem. */
export type UpdateOutcome =
  /** It runs what it should. */
  | { readonly state: "current"; readonly version: string | null; readonly seq: number | null }
  /** The new version runs, and has been watched. */
  | { readonly state: "committed"; readonly version: string; readonly seq: number }
  /** Not now; nothing live was touched. `until`: when to look again, ms since epoch; null: when told. */
  | {
      readonly state: "waiting" | "refused";
      readonly reason: ReasonCode;
      readonly detail: string;
      readonly version: string | null;
      readonly seq: number | null;
      readonly until: number | null;
    }
  /** The new version was not well, or somebody asked to go back: the one before runs again. */
  | {
      readonly state: "rolled-back";
      readonly reason: ReasonCode;
      readonly detail: string;
      readonly version: string;
      readonly seq: number;
      /** What runs again; null if nobody has numbered it, or nothing was there before. */
      readonly restored: string | null;
    }
  /** Neither is well. */
  | {
      readonly state: "needs-operator";
      readonly reason: ReasonCode;
      readonly detail: string;
      readonly version: string;
      readonly seq: number;
    };
