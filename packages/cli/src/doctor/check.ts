/** What a check of `tideline doctor` is, and what it finds. */
import { CommandError } from "../command-error.js";
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
  | {
      readonly kind: "checked";
      readonly findings: readonly Finding[];
      /** What was seen, where that says more than the check's promise; else null. */
      readonly said: string | null;
    }
  /** There was nothing to look at. */
  | { readonly kind: "skipped"; readonly why: string };

/** One check of what was read before: a repository, unless it says otherwise. */
export interface Check<Subject = Examination> {
  readonly name: string;
  /** What is right where it finds nothing. */
  readonly promise: string;
  readonly look: (subject: Subject) => Promise<Found>;
}

/** Says that there was nothing to look at. */
export function skipped(why: string): Found {
  return { kind: "skipped", why };
}

/** Says what was found. */
export function checked(findings: Iterable<Finding>, said: string | null = null): Found {
  return { kind: "checked", findings: [...findings], said };
}

/** What one check said. */
export interface CheckResult {
  readonly check: Pick<Check, "name" | "promise">;
  readonly found: Found;
}

/** A check that stumbles is a finding of its own, so that the others still run. */
export async function lookSafely<Subject>(
  check: Check<Subject>,
  subject: Subject,
): Promise<CheckResult> {
  try {
    return { check, found: await check.look(subject) };
  } catch (error) {
    if (error instanceof CommandError && error.kind === "interrupted") throw error;
    const problem = `the check could not be made: ${(error as Error).message}`;
    const fix = "mend what it stumbled on, and run it again";
    return { check, found: checked([{ level: "fail", where: null, problem, fix }]) };
  }
}

/** How a check ended; `fail` if one of its findings is a failure. */
export function stateOf(found: Found): "ok" | "warn" | "fail" | "skipped" {
  if (found.kind === "skipped") return "skipped";
  if (found.findings.some(({ level }) => level === "fail")) return "fail";
  return found.findings.length > 0 ? "warn" : "ok";
}
