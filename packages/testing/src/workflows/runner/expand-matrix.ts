import type { Json } from "./evaluate.js";

/**
 * Gives the legs of a job: every combination of the matrix's lists, and what `include` adds where
 * there are no lists; one leg without a matrix.
 *
 * @throws {RangeError} For an empty matrix, as GitHub does, and for what this does not know.
 */
export function expandMatrix(matrix: Json): Json[] {
  if (matrix === null) return [null];
  if (typeof matrix !== "object" || Array.isArray(matrix)) {
    throw new RangeError(
      `Cannot expand a matrix: expected a mapping, got ${JSON.stringify(matrix)}`,
    );
  }
  const { include, exclude, ...lists } = matrix as Readonly<Record<string, Json>>;
  const isMixed = include !== undefined && Object.keys(lists).length > 0;
  if (exclude !== undefined || isMixed) {
    throw new RangeError("Cannot expand a matrix: expected lists, or include alone");
  }
  const legs =
    include !== undefined
      ? (include as readonly Json[])
      : Object.entries(lists).reduce<Readonly<Record<string, Json>>[]>(
          (legs, [key, values]) =>
            (values as readonly Json[]).flatMap((value) =>
              legs.map((leg) => ({ ...leg, [key]: value })),
            ),
          [{}],
        );
  if (legs.length === 0) {
    throw new RangeError("Cannot expand a matrix: it does not contain any values");
  }
  return [...legs];
}
