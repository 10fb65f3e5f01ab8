/**
 * The database as the function runtime sees it: the contract's `Database`, and the system tables
 * behind it. System tables hold what the server itself keeps as documents, such as
 * `_scheduled_functions`; functions read them through `db.system` and never write them.
 */
import type { Database, EncodedValue, MutationResult, Transaction } from "../contract.js";

export type EncodedDocument = { readonly [field: string]: EncodedValue };

export interface EmbeddedDatabase extends Database {
  /** The table of a document id, or null for what is no id or of no table. */
  tableOfId(id: string): string | null;
  beginQuery(options?: { readonly journal?: string | null }): SystemTransaction;
  /**
   * As `Database.mutate`. `run` is called again, with a fresh transaction, if the schema or the
   * variables were changed while it waited for something that is not the database.
   */
  mutate(
    options: { readonly session?: { readonly sessionId: string; readonly requestId: number } },
    run: (transaction: SystemTransaction) => Promise<MutationResult>,
  ): Promise<MutationResult & { readonly ts: bigint; readonly isRepeat: boolean }>;
}

export interface SystemTransaction extends Transaction {
  readonly system: SystemTables;
}

/**
 * Unchecked access for the server's own code: no schema, no limits, any system table. Reads and
 * writes take part in the transaction (read set, rollback) like any others.
 *
 * Functions see `_scheduled_functions` and `_storage` through `db.system`, and no other.
 */
export interface SystemTables {
  /** @returns The new document's id. The table is made if it is not there. */
  insert(tableName: string, fields: EncodedDocument): string;
  get(id: string): EncodedDocument | null;
  /**
   * The documents whose indexed fields begin with the given values, in index order.
   *
   * @param options.upTo Largest value (included) of the field after those of `equal`.
   * @param options.limit @default No limit
   */
  query(
    tableName: string,
    indexName: string,
    options?: {
      readonly equal?: readonly EncodedValue[];
      readonly upTo?: EncodedValue;
      readonly limit?: number;
    },
  ): EncodedDocument[];
  /** Sets the given fields. @throws {SyscallError} If there is no such document. */
  patch(id: string, fields: EncodedDocument): void;
  /** @throws {SyscallError} If there is no such document. */
  remove(id: string): void;
}

/** The system tables and their indexes beside `by_id` and `by_creation_time`. */
export type SystemTableIndexes = {
  readonly [tableName: string]: { readonly [indexName: string]: readonly string[] };
};
