import { ledgerError } from "../model/ledger-error.js";
import { show } from "../model/show.js";

/** One kind of workflow run that may change deployments; null: whatever it is. */
export interface TrustEntry {
  readonly repositoryId: string;
  readonly ownerId: string;
  /** Patterns, here and below; one that fits is enough. */
  readonly ref: readonly string[] | null;
  readonly environment: readonly string[] | null;
  readonly jobWorkflowRef: readonly string[] | null;
  /** "app/environment". */
  readonly targets: readonly string[] | null;
}

const NAMES = [
  "repository_id",
  "repository_owner_id",
  "ref",
  "environment",
  "job_workflow_ref",
  "targets",
  "note",
];
const MAX_ENTRIES = 100;
const MAX_PATTERNS = 50;

/**
 * Reads TIDELINE_GITHUB_TRUST: a JSON array of entries, each with the claims that a token must have
 * and the targets that its run may change.
 *
 * @throws {ConvexError} INVALID_SETTING, with the number of the entry.
 */
export function parseTrustEntries(setting: string): TrustEntry[] {
  const value = parseJson(setting);
  if (!Array.isArray(value)) return fail("", "a JSON array of entries", value);
  if (value.length > MAX_ENTRIES) {
    return fail("", `at most ${MAX_ENTRIES} entries`, value.length);
  }
  return value.map((entry: unknown, index) => parseEntry(entry, ` in entry ${index + 1}`));
}

function parseEntry(value: unknown, where: string): TrustEntry {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return fail(where, "an object", value);
  }
  const fields = new Map(Object.entries(value));
  for (const name of fields.keys()) {
    if (!NAMES.includes(name)) return fail(where, `only ${NAMES.join(", ")}`, name);
  }
  const ref = patterns(fields, "ref", where);
  const environment = patterns(fields, "environment", where);
  if (ref === null && environment === null) {
    // Without either, whoever may push any branch may record: also a contributor's experiment.
    return fail(where, 'ref or environment (such as "ref": "refs/heads/main")', undefined);
  }
  const targets = patterns(fields, "targets", where);
  for (const target of targets ?? []) {
    if (!/^[^/]+\/[^/]+$/.test(target)) {
      return fail(where, 'targets such as "web/production" or "*/staging"', target);
    }
  }
  return {
    repositoryId: id(fields, "repository_id", where),
    ownerId: id(fields, "repository_owner_id", where),
    ref,
    environment,
    jobWorkflowRef: patterns(fields, "job_workflow_ref", where),
    targets,
  };
}

/** A name can be given up and taken by somebody else; a number cannot. */
function id(fields: ReadonlyMap<string, unknown>, name: string, where: string): string {
  const value = fields.get(name);
  const text = typeof value === "number" ? String(value) : value;
  if (typeof text === "string" && /^[1-9]\d{0,18}$/.test(text)) return text;
  return fail(where, `${name} as a number`, value);
}

function patterns(
  fields: ReadonlyMap<string, unknown>,
  name: string,
  where: string,
): readonly string[] | null {
  const value = fields.get(name);
  if (value === undefined) return null;
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0 || list.length > MAX_PATTERNS) {
    return fail(where, `${name} as 1 to ${MAX_PATTERNS} texts`, `${list.length} of them`);
  }
  return list.map((text) => {
    if (typeof text === "string" && text !== "" && text.length <= 500) return text;
    return fail(where, `${name} as a text or an array of texts`, text);
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Text that is no JSON is not the array that is asked for, and is shown as it came.
    return text;
  }
}

function fail(where: string, expected: string, got: unknown): never {
  throw ledgerError(
    "INVALID_SETTING",
    `Cannot read TIDELINE_GITHUB_TRUST: expected ${expected}${where}, got ${show(got)}`,
  );
}
