/**
 * Reads the JSON of a query, as `queryStream` and `queryPage` get it.
 */
import { createHash } from "node:crypto";
import type { EncodedValue } from "../contract.js";
import { SyscallError } from "../syscall-error.js";
import type { KeyInterval } from "../values/index-key.js";
import type { Catalog, Index } from "./catalog.js";
import { compileFilter, type Filter } from "./filter.js";
import { intervalOfRange, type RangeExpression } from "./index-range.js";
import type { Order } from "./store.js";

export interface QueryPlan {
  readonly index: Index;
  readonly interval: KeyInterval;
  readonly order: Order;
  readonly operators: readonly Operator[];
}

export type Operator =
  | { readonly kind: "filter"; readonly passes: Filter }
  | { readonly kind: "limit"; readonly limit: number };

interface QueryJson {
  readonly source:
    | {
        readonly type: "FullTableScan";
        readonly tableName: string;
        readonly order: Order | null;
      }
    | {
        readonly type: "IndexRange";
        readonly indexName: string;
        readonly range: readonly RangeExpression[];
        readonly order: Order | null;
      }
    | { readonly type: "Search"; readonly indexName: string };
  readonly operators: readonly ({ readonly filter: EncodedValue } | { readonly limit: number })[];
}

const MAX_OPERATORS = 256;

/**
 * @param isReadable Whether the function may read a table of this name; what it may not is as if
 *   it were not there.
 * @throws {SyscallError} For an index that is not there, a range it cannot answer, an unknown
 *   filter.
 */
export function planQuery(
  catalog: Catalog,
  query: EncodedValue | undefined,
  isReadable: (tableName: string) => boolean,
): QueryPlan {
  const { source, operators } = query as unknown as QueryJson;
  if (operators.length > MAX_OPERATORS) {
    throw new SyscallError(`Can't construct query with more than ${MAX_OPERATORS} operators`);
  }
  if (source.type === "Search") {
    throw new SyscallError(
      `Search index ${source.indexName} cannot be used: this server has no text search`,
    );
  }
  const name =
    source.type === "FullTableScan" ? `${source.tableName}.by_creation_time` : source.indexName;
  const dot = name.indexOf(".");
  const tableName = name.slice(0, dot);
  const found = catalog.index(tableName, name.slice(dot + 1));
  if (found === undefined) throw new SyscallError(`Index ${name} not found.`);
  const index = isReadable(tableName) ? found : { ...found, id: null };
  return {
    index,
    interval: intervalOfRange(index, source.type === "IndexRange" ? source.range : []),
    order: source.order ?? "asc",
    operators: operators.map((operator) =>
      "limit" in operator
        ? { kind: "limit", limit: operator.limit }
        : { kind: "filter", passes: compileFilter(operator.filter) },
    ),
  };
}

/** Tells queries apart: a cursor of one is no use to another. */
export function fingerprintOf(query: EncodedValue | undefined, plan: QueryPlan): string {
  return createHash("sha256")
    .update(JSON.stringify([query, plan.index.fields]))
    .digest("base64url")
    .slice(0, 16);
}
