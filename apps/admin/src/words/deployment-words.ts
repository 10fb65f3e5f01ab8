import type { Deployment } from "../ledger.js";
import { hasAllWords } from "./has-all-words.js";

/** Says who recorded a deployment, from what the ledger stores of the credential. */
export function recorderName(recordedBy: string): string {
  if (recordedBy === "token") return "Record token";
  const [, kind, name] = /^(token|github):(.+)$/.exec(recordedBy) ?? [];
  if (kind === undefined) return recordedBy;
  return kind === "token" ? `Record token of ${name}` : `GitHub Actions of ${name}`;
}

/** Says why a record was not taken; null for one that was. */
export function refusalReason({ refusal, status }: Deployment): string | null {
  switch (refusal) {
    case "ROLLBACK_NOT_ALLOWED":
      return "Its commit was live before, and going back was not asked for";
    case "TARGET_HELD":
      return "The target was held";
    case "SUPERSEDED":
      return "Another deployment came first";
    case undefined:
      return status === "refused" || status === "superseded" ? "Not taken" : null;
    default:
      return refusal satisfies never;
  }
}

/** Says whether every word of the filter is somewhere in what the row shows. */
export function matchesFilter(row: Deployment, filter: string): boolean {
  const texts = [
    row.version,
    row.gitTag,
    row.gitCommit,
    row.buildId,
    `#${row.buildNumber}`,
    row.notes,
    row.kind,
    row.status,
    row.severity === "critical" ? "critical" : "",
    recorderName(row.recordedBy),
    refusalReason(row),
  ];
  return hasAllWords(texts, filter);
}
