export {
  abortDeployment,
  announceDeployment,
  expirePendingBuild,
  findDeployedInputs,
  holdTarget,
  listDeployments,
  listTargets,
  recordDeployment,
  releaseTarget,
  watchLatestDeployment,
} from "@tideline/ledger";
