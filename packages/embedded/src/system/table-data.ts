import type { Database, EncodedValue } from "../contract.js";

// The CLI asks for as many as it wants to show; one page must not read a whole large table.
const MAX_PAGE_SIZE = 1_000;

/**
 * One page of a table in the order of creation, as `npx convex data <table>` asks for it.
 *
 * @throws {Error} If the arguments are not a page's.
 */
export function readTableData(
  database: Database,
  args: { readonly [name: string]: EncodedValue },
): EncodedValue {
  const { table, order, paginationOpts } = args;
  if (typeof table !== "string" || !isPaginationOptions(paginationOpts)) {
    throw new TypeError(`Cannot read the table: expected "table" and "paginationOpts"`);
  }
  const transaction = database.beginQuery();
  try {
    const page = transaction.syscall("1.0/queryPage", {
      query: {
        source: {
          type: "FullTableScan",
          tableName: table,
          order: order === "asc" ? "asc" : "desc",
        },
        operators: [],
      },
      cursor: paginationOpts.cursor ?? null,
      endCursor: null,
      pageSize: Math.min(paginationOpts.numItems, MAX_PAGE_SIZE),
      maximumRowsRead: null,
      maximumBytesRead: null,
    });
    return page ?? null;
  } finally {
    transaction.close();
  }
}

function isPaginationOptions(
  value: EncodedValue | undefined,
): value is { numItems: number; cursor: EncodedValue } {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    typeof value.numItems === "number"
  );
}
