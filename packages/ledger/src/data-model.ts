/** The types of the ledger's own tables, and the builders whose `ctx.db` knows them. */
import type {
  DataModelFromSchemaDefinition,
  DocumentByName,
  GenericMutationCtx,
  GenericQueryCtx,
  MutationBuilder,
  QueryBuilder,
  SchemaDefinition,
} from "convex/server";
import {
  internalMutationGeneric,
  internalQueryGeneric,
  mutationGeneric,
  queryGeneric,
} from "convex/server";
import type { GenericId } from "convex/values";
import type { ledgerTables } from "./tables.js";

type LedgerDataModel = DataModelFromSchemaDefinition<SchemaDefinition<typeof ledgerTables, true>>;

/** A stored row of one of the ledger's tables. */
export type Row<Table extends keyof typeof ledgerTables> = DocumentByName<LedgerDataModel, Table>;

/** The id of one of those rows. */
export type Id<Table extends keyof typeof ledgerTables> = GenericId<Table>;

/** What a query of the ledger is handed. */
export type QueryCtx = GenericQueryCtx<LedgerDataModel>;

/** What a mutation of the ledger is handed. */
export type MutationCtx = GenericMutationCtx<LedgerDataModel>;

/** One app in one environment. */
export interface TargetName {
  readonly appName: string;
  readonly environment: string;
}

// The app's own data model holds more tables than these; the ledger touches no other.
export const query = queryGeneric as QueryBuilder<LedgerDataModel, "public">;
export const mutation = mutationGeneric as MutationBuilder<LedgerDataModel, "public">;
export const internalQuery = internalQueryGeneric as QueryBuilder<LedgerDataModel, "internal">;
export const internalMutation = internalMutationGeneric as MutationBuilder<
  LedgerDataModel,
  "internal"
>;
