/** The types of the fleet's tables, and the builders whose `ctx.db` knows them. */
import type {
  DataModelFromSchemaDefinition,
  DocumentByName,
  GenericMutationCtx,
  GenericQueryCtx,
  MutationBuilder,
  QueryBuilder,
  SchemaDefinition,
} from "convex/server";
import { internalMutationGeneric, mutationGeneric, queryGeneric } from "convex/server";
import type { GenericId } from "convex/values";
import type { fleetTables } from "./fleet-tables.js";

type FleetDataModel = DataModelFromSchemaDefinition<SchemaDefinition<typeof fleetTables, true>>;

/** A stored row of one of the fleet's tables. */
export type FleetRow<Table extends keyof typeof fleetTables> = DocumentByName<
  FleetDataModel,
  Table
>;

/** The id of one of those rows. */
export type FleetId<Table extends keyof typeof fleetTables> = GenericId<Table>;

/** What a query of the fleet is handed. */
export type FleetQueryCtx = GenericQueryCtx<FleetDataModel>;

/** What a mutation of the fleet is handed. */
export type FleetMutationCtx = GenericMutationCtx<FleetDataModel>;

// The app's own data model holds more tables than these; the fleet touches no other.
export const query = queryGeneric as QueryBuilder<FleetDataModel, "public">;
export const mutation = mutationGeneric as MutationBuilder<FleetDataModel, "public">;
export const internalMutation = internalMutationGeneric as MutationBuilder<
  FleetDataModel,
  "internal"
>;
