/** What a check of `tideline doctor` is, and what it finds. */
import type { Examination } from "./examination.js";

/** One thing that is wrong. */
export interface Finding {
  /** A warning may be as it is; a failure is not. */
  readonly level: "fail" | "warn";
  /** `path:line`, a path or an address; null where it is the whole repository. */
  readonly where: string | null;
  /** What is wrong, and what comes of it. */
  readonly problem: string;
  /** What mends it. */
  readonly fix: string;
}

/** What a check says: nothing is wrong if there are no findings. */
export type Found =
  | { readonly kind: "checked"; readonly findings: readonly Finding[] }
  /** There was nothing to look at. */
  | { readonly kind: "skipped"; readonly why: string };

/** One check. */
export interface Check {
  readonly name: string;
  /** What is right where it finds nothing. */
  readonly promise: string;
  readonly look: (examination: Examination) => Promise<Found>;
}

/** Says that there was nothing to look at. */
export function skipped(why: string): Found {
  return { kind: "skipped", why };
}

/** Says what was found. */
export function checked(findings: Iterable<Finding>): Found {
  return { kind: "checked", findings: [...findings] };
}

/** What one check said. */
export interface CheckResult {
  readonly check: Check;
  readonly found: Found;
}

/** How a check ended; `fail` if one of its findings is a failure. */
export function stateOf(found: Found): "ok" | "warn" | "fail" | "skipped" {
  if (found.kind === "skipped") return "skipped";
  if (found.findings.some(({ level }) => level === "fail")) return "fail";
  return found.findings.length > 0 ? "warn" : "ok";
}
