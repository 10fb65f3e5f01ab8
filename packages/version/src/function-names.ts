/** By itself as well, because a page needs no more of them than this one. */
export const WATCH_LATEST_DEPLOYMENT = "deployments:watchLatestDeployment";

/** The Convex functions that Tideline's packages call, by the path they have in an app by default. */
export const FUNCTION_NAMES = {
  recordDeployment: "deployments:recordDeployment",
  announceDeployment: "deployments:announceDeployment",
  abortDeployment: "deployments:abortDeployment",
  watchLatestDeployment: WATCH_LATEST_DEPLOYMENT,
  listDeployments: "deployments:listDeployments",
  listTargets: "deployments:listTargets",
  findDeployedInputs: "deployments:findDeployedInputs",
  holdTarget: "deployments:holdTarget",
  releaseTarget: "deployments:releaseTarget",
} as const;
