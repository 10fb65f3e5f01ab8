/**
 * Where the line of a rollback leaves the trunk and where it comes back, as what each row has to
 * draw of it. Pure: rows in, segments out; see rail.tsx for the drawing.
 */
import type { Deployment } from "../ledger.js";
import { isTaken } from "../ledger.js";

/** What one row draws of one bend: where it starts, passes by, or returns to. */
export interface Segment {
  /** 0 is next to the trunk. */
  readonly lane: number;
  readonly part: "leaves" | "passes" | "returns";
}

/** More rollbacks inside one another share the outermost lane: nobody can tell more apart. */
export const MAX_LANES = 3;

type Row = Pick<Deployment, "buildId" | "gitCommit" | "kind" | "status">;

interface Bend {
  readonly from: number;
  /** `rows.length` if the row it returns to is older than what is loaded. */
  readonly to: number;
}

/**
 * Gives, for each row, the segments to draw in it.
 *
 * @param rows The history, newest first.
 */
export function bendSegments(rows: readonly Row[]): Segment[][] {
  const segments: Segment[][] = rows.map(() => []);
  const lanes: Bend[][] = [];
  // The short ones first: they lie inside the long ones.
  const bends = findBends(rows).toSorted((a, b) => a.to - a.from - (b.to - b.from));
  for (const bend of bends) {
    const free = lanes.findIndex((others) => others.every((other) => !overlap(bend, other)));
    const lane = Math.min(free === -1 ? lanes.length : free, MAX_LANES - 1);
    lanes[lane] = [...(lanes[lane] ?? []), bend];
    segments[bend.from]?.push({ lane, part: "leaves" });
    for (let row = bend.from + 1; row < bend.to; row++) {
      segments[row]?.push({ lane, part: "passes" });
    }
    segments[bend.to]?.push({ lane, part: "returns" });
  }
  return segments;
}

/**
 * Gives the index of the row that a rollback returns to: the newest older one with its build, else
 * with its commit; `rows.length` if that one is not loaded.
 */
export function returnsTo(rows: readonly Row[], from: number): number {
  const rollback = rows[from];
  const older = (isIt: (row: Row) => boolean) =>
    rows.findIndex((row, index) => index > from && isTaken(row) && isIt(row));
  const byBuild = older((row) => row.buildId === rollback?.buildId);
  const found = byBuild === -1 ? older((row) => row.gitCommit === rollback?.gitCommit) : byBuild;
  return found === -1 ? rows.length : found;
}

/** Gives what was live when a rollback was taken; null for other records, or if it is not loaded. */
export function wentBackFrom<R extends Row>(rows: readonly R[], row: R): R | null {
  if (row.kind !== "rollback" || !isTaken(row)) return null;
  return rows.slice(rows.indexOf(row) + 1).find(isTaken) ?? null;
}

function findBends(rows: readonly Row[]): Bend[] {
  return rows.flatMap((row, from) =>
    row.kind === "rollback" && isTaken(row) ? [{ from, to: returnsTo(rows, from) }] : [],
  );
}

/** Two bends may meet in a row: one ends in its upper half, the other begins in its lower. */
function overlap(a: Bend, b: Bend): boolean {
  return a.from < b.to && b.from < a.to;
}
