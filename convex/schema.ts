import { fleetTables, ledgerTables } from "@tideline/ledger";
import { defineSchema } from "convex/server";

export default defineSchema({
  ...ledgerTables,
  ...fleetTables,
});
