import { type Check, checked, type Finding, skipped } from "../check.js";

const NEEDED = ["recordDeployment", "watchLatestDeployment", "findDeployedInputs"];

/** The app's convex folder has the ledger: its tables and the functions that are called by name. */
export const ledgerFunctions: Check = {
  name: "ledger-functions",
  promise: "the convex folder exports the ledger's tables and functions",
  look: async ({ files, read }) => {
    const sources = files.filter((path) => /(^|\/)convex\/[^_][^/]*\.tsx?$/.test(path));
    const using: string[] = [];
    for (const path of sources) {
      if ((await read(path))?.includes("@tideline/ledger")) using.push(path);
    }
    if (using.length === 0) return skipped("no convex folder uses @tideline/ledger");
    const findings: Finding[] = [];
    for (const folder of new Set(using.map((path) => path.slice(0, path.lastIndexOf("/"))))) {
      const schema = (await read(`${folder}/schema.ts`)) ?? "";
      if (!schema.includes("ledgerTables")) {
        findings.push({
          level: "fail",
          where: `${folder}/schema.ts`,
          problem: "the ledger's tables are not in the schema, so nothing can be recorded",
          fix: "defineSchema({ ...ledgerTables }) with ledgerTables of @tideline/ledger",
        });
      }
      const functions = (await read(`${folder}/deployments.ts`)) ?? "";
      if (/export\s+\*\s+from\s+["']@tideline\/ledger["']/.test(functions)) continue;
      const missing = NEEDED.filter((name) => !new RegExp(`\\b${name}\\b`).test(functions));
      if (missing.length === 0) continue;
      findings.push({
        level: "fail",
        where: `${folder}/deployments.ts`,
        problem: `clients and CI call deployments:${missing.join(", deployments:")}, which it does not export`,
        fix: 'export * from "@tideline/ledger"',
      });
    }
    return checked(findings);
  },
};
