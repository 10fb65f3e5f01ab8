export {
  abortDeployment,
  announceDeployment,
  expirePendingBuild,
  holdTarget,
  listDeployments,
  listTargets,
  recordDeployment,
  releaseTarget,
  watchLatestDeployment,
} from "@tideline/ledger";
