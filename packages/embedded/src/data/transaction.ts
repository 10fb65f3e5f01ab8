/**
 * One function's view of the database: takes syscalls apart and hands them to what answers them.
 */
import type { EncodedValue, Timestamp } from "../contract.js";
import { SyscallError } from "../syscall-error.js";
import { parseDocumentId } from "../values/document-id.js";
import { encodeInteger } from "../values/encoded-value.js";
import { FIRST_KEY, LAST_KEY } from "../values/index-key.js";
import type { Catalog } from "./catalog.js";
import type { Clock } from "./clock.js";
import { Documents } from "./documents.js";
import type { EncodedDocument, SystemTables, SystemTransaction } from "./embedded-database.js";
import { paginate } from "./paginate.js";
import { planQuery } from "./query-plan.js";
import { QueryStream } from "./query-stream.js";
import { IntervalReadSet } from "./read-set.js";
import type { Schema } from "./schema.js";
import type { Store } from "./store.js";
import { systemTables } from "./system-tables.js";
import { Usage } from "./usage.js";
import { isReadable, UserTables } from "./user-tables.js";

export interface TransactionParts {
  readonly kind: "query" | "mutation";
  readonly snapshotTs: Timestamp;
  /** Of the reading connection for a query, of the writing one for a mutation. */
  readonly store: Store;
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly schema: Schema;
  readonly journal: string | null;
  /** The latest durable commit at the time of the call. */
  readonly latestTs: () => Timestamp;
}

interface SyscallArgs {
  readonly [name: string]: EncodedValue;
}

export class DatabaseTransaction implements SystemTransaction {
  readonly kind: "query" | "mutation";
  readonly snapshotTs: Timestamp;
  readonly readSet = new IntervalReadSet();
  readonly usage = new Usage();
  readonly documents: Documents;
  readonly system: SystemTables;
  readonly #parts: TransactionParts;
  readonly #tables: UserTables;
  readonly #streams = new Map<number, QueryStream>();
  #nextQueryId = 0;
  #journal: string | null = null;
  #hasPaginated = false;
  #savepointDepth = 0;
  #isAbandoned = false;

  constructor(parts: TransactionParts) {
    this.kind = parts.kind;
    this.snapshotTs = parts.snapshotTs;
    this.#parts = parts;
    const { store, catalog, clock } = parts;
    const { readSet, usage } = this;
    this.documents = new Documents({ store, catalog, clock, readSet, usage });
    this.#tables = new UserTables(this.documents, parts.schema);
    this.system = systemTables(this.documents);
  }

  get journal(): string | null {
    return this.#journal;
  }

  /** True when it was cut off for a change of schema or variables, and will be run again. */
  get isAbandoned(): boolean {
    return this.#isAbandoned;
  }

  isOvertaken(): boolean {
    return this.kind === "query" && this.#parts.latestTs() !== this.snapshotTs;
  }

  close(): void {
    this.documents.end();
    this.#streams.clear();
  }

  abandon(): void {
    this.#isAbandoned = true;
    this.close();
  }

  /** The last step of a mutation, before its commit. */
  resolveCommitTs(ts: Timestamp): void {
    this.#tables.resolveCommitTs(ts);
  }

  savepoint(): { release(): void; rollback(): void } {
    // On the reading connection it would hold on to an old snapshot for all queries.
    if (this.kind === "query") throw new TypeError("A query has no writes to roll back");
    // Outside a transaction, SQLite would take it for the beginning of one.
    this.documents.requireOpen();
    const { store, catalog } = this.#parts;
    const depth = this.#savepointDepth + 1;
    const { logLength } = this.documents;
    const tableCount = catalog.size;
    store.beginSavepoint(depth);
    this.#savepointDepth = depth;
    const end = (finish: () => void) => {
      if (this.isAbandoned) return;
      if (this.#savepointDepth !== depth) {
        throw new Error("Savepoints must end in the reverse order of their beginning");
      }
      this.#savepointDepth = depth - 1;
      finish();
    };
    return {
      release: () => end(() => store.releaseSavepoint(depth)),
      rollback: () =>
        end(() => {
          store.rollBackSavepoint(depth);
          this.documents.forget(logLength);
          if (catalog.size !== tableCount) catalog.reload();
        }),
    };
  }

  syscall(name: string, args: SyscallArgs): EncodedValue | undefined {
    switch (name) {
      case "1.0/get":
      case "1.0/queryStream":
      case "1.0/queryStreamNext":
      case "1.0/queryCleanup":
      case "1.0/queryPage":
      case "1.0/count":
      case "1.0/db/normalizeId":
      case "1.0/getSnapshotTs":
      case "1.0/getTransactionMetrics":
        this.documents.requireOpen();
        return this.#read(name, args);
      case "1.0/insert":
      case "1.0/shallowMerge":
      case "1.0/replace":
      case "1.0/remove":
        this.documents.requireOpen();
        if (this.kind === "query") throw new SyscallError("Queries cannot write to the database");
        return this.#write(name, args);
      default:
        return undefined;
    }
  }

  #read(name: string, args: SyscallArgs): EncodedValue {
    switch (name) {
      case "1.0/get":
        return asValue(this.#tables.get(args.id, tableNameOf(args), args.isSystem === true));
      case "1.0/queryStream":
        return this.#startQuery(args);
      case "1.0/queryStreamNext": {
        const stream = this.#streams.get(Number(args.queryId));
        const value = stream?.next() ?? null;
        return { value: asValue(value), done: value === null };
      }
      case "1.0/queryCleanup":
        return this.#streams.delete(Number(args.queryId));
      case "1.0/queryPage":
        return this.#readPage(args);
      case "1.0/count":
        return this.#count(String(args.table));
      case "1.0/db/normalizeId": {
        const id = String(args.idString);
        const parts = parseDocumentId(id);
        const number = this.documents.catalog.table(String(args.table))?.number;
        return { id: parts !== null && parts.tableNumber === number ? id : null };
      }
      case "1.0/getSnapshotTs":
        return { ...encodeInteger(this.snapshotTs) };
      default:
        return this.usage.metrics();
    }
  }

  #write(name: string, args: SyscallArgs): EncodedValue {
    const tableName = tableNameOf(args);
    switch (name) {
      case "1.0/insert":
        return { _id: this.#tables.insert(String(args.table), args.value) };
      case "1.0/shallowMerge":
        return asValue(this.#tables.patch(args.id, args.value, tableName));
      case "1.0/replace":
        return asValue(this.#tables.replace(args.id, args.value, tableName));
      default:
        return asValue(this.#tables.remove(args.id, tableName));
    }
  }

  #startQuery({ query }: SyscallArgs): EncodedValue {
    const plan = planQuery(this.documents.catalog, query, isReadable);
    const queryId = this.#nextQueryId;
    this.#nextQueryId += 1;
    this.#streams.set(queryId, new QueryStream(this.documents, plan));
    return { queryId };
  }

  #readPage(args: SyscallArgs): EncodedValue {
    if (this.#hasPaginated) {
      throw new SyscallError(
        "This query or mutation function ran multiple paginated queries. Convex only supports a single paginated query in each function.",
      );
    }
    this.#hasPaginated = true;
    const plan = planQuery(this.documents.catalog, args.query, isReadable);
    const page = paginate(this.documents, plan, {
      query: args.query,
      cursor: textOrNull(args.cursor),
      endCursor: textOrNull(args.endCursor) ?? this.#parts.journal,
      pageSize: Number(args.pageSize),
      maximumRowsRead: numberOrNull(args.maximumRowsRead),
      maximumBytesRead: numberOrNull(args.maximumBytesRead),
    });
    this.#journal = page.continueCursor;
    return { ...page };
  }

  #count(tableName: string): number {
    const index = this.documents.catalog.index(tableName, "by_creation_time");
    if (index === undefined || !isReadable(tableName)) return 0;
    this.readSet.add(index, { lower: FIRST_KEY, upper: LAST_KEY });
    return index.id === null ? 0 : this.documents.store.count(index.id);
  }
}

/** The answer may not be changed by who gets it; the types only differ in saying so. */
function asValue(document: EncodedDocument | null): EncodedValue {
  return document as EncodedValue;
}

function tableNameOf(args: SyscallArgs): string | null {
  return textOrNull(args.table);
}

function textOrNull(value: EncodedValue | undefined): string | null {
  return typeof value === "string" ? value : null;
}

function numberOrNull(value: EncodedValue | undefined): number | null {
  return typeof value === "number" ? value : null;
}
