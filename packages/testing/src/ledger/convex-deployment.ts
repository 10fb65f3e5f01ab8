/**
 * The ledger's suite against the deployment that CONVEX_SELF_HOSTED_URL and its admin key name.
 * Run by scripts/test-convex.ts; not among the unit tests, which need no deployment.
 */
import { describeLedger } from "../../../ledger/src/suite/ledger.suite.js";
import { officialClient } from "./official-client.js";

const url = process.env.CONVEX_SELF_HOSTED_URL ?? "";
const adminKey = process.env.CONVEX_SELF_HOSTED_ADMIN_KEY ?? "";

describeLedger(url, async () => officialClient(url, adminKey), { canWatch: true });
