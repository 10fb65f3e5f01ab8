/** What the ledger tells this app, by the names it has in the app's own Convex functions. */
import type { FunctionReturnType } from "convex/server";
import type { api } from "../../../convex/_generated/api.js";

/** A pair of app and environment, and what is live on it. */
export type Target = FunctionReturnType<typeof api.deployments.listTargets>[number];

/** A row of a target's history. */
export type Deployment = FunctionReturnType<typeof api.deployments.listDeployments>["page"][number];

/** The name of a target. */
export interface TargetName {
  readonly appName: string;
  readonly environment: string;
}

/** Says whether the record was ever live, rather than refused or overtaken. */
export function isTaken({ status }: Pick<Deployment, "status">): boolean {
  return status === "live" || status === "replaced";
}

/** Gives "web/local". Neither part can hold a slash. */
export function targetKey({ appName, environment }: TargetName): string {
  return `${appName}/${environment}`;
}

/** Reads "web/local"; null if it is not of that form. */
export function parseTargetKey(key: string): TargetName | null {
  const [appName, environment, ...rest] = key.split("/");
  return appName && environment && rest.length === 0 ? { appName, environment } : null;
}
