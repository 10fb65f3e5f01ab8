export { loadConfig } from "./config/load-config.js";
export type { SubsystemConfig, SyncConfig } from "./config/sync-config.js";
export { acceptAlarms, readAlarms } from "./detect/accept-alarms.js";
export type { SubsystemCheck } from "./detect/check-subsystem.js";
export {
  type CheckOptions,
  checkUpstreams,
  type FailedCheck,
  type UpstreamChecks,
} from "./detect/check-upstreams.js";
export { type Containment, containsCommit } from "./detect/contains-commit.js";
export { type DetectWorld, githubToken } from "./detect/detect-world.js";
export { connectRemote, type GitRemote } from "./detect/git-remote.js";
export { listRefs, type RemoteRef } from "./detect/list-refs.js";
export type { UpstreamAlarm } from "./detect/upstream-memory.js";
export { type ManifestRow, readManifest, type VersionManifest } from "./detect/version-manifest.js";
export type { EngineDeps } from "./engine/engine-deps.js";
export { recover } from "./engine/recover.js";
export { rollBackByHand } from "./engine/roll-back-by-hand.js";
export { HAND_STEPS, ROLLBACK_STEPS, UPDATE_STEPS } from "./engine/steps.js";
export type { UpdateOutcome } from "./engine/update-outcome.js";
export { type UpdateOptions, updateSubsystem } from "./engine/update-subsystem.js";
export type { FleetLedger, PublishAnswer, UpstreamHint } from "./ledger/fleet-ledger.js";
export { type PackagedBinary, type PackageInput, packageBinary } from "./publish/package-binary.js";
export { planRelease, publishRelease } from "./publish/publish-release.js";
export type {
  NamedPackage,
  Publication,
  PublishContent,
  PublishDeps,
  PublishRequest,
  PublishStep,
} from "./publish/publish-request.js";
export { openPublisherLedger, type PublisherLedgerOptions } from "./publish/publisher-ledger.js";
export { ReleaseHost, type ReleaseHostOptions } from "./publish/release-host.js";
export { makeSigner, type ReleaseSigner, type SignerOptions } from "./publish/release-signer.js";
export {
  type RunningSupervisor,
  type SupervisorOptions,
  startSupervisor,
} from "./supervise/built-in/start-supervisor.js";
export { openSupervisor } from "./supervise/open-supervisor.js";
export { type ServiceState, type Supervisor, SupervisorError } from "./supervise/supervisor.js";
export { SyncError } from "./sync-error.js";
export { freezeAlarm, type PublishedSeqs } from "./trust/freeze-alarm.js";
export {
  generateKey,
  keyId,
  parsePrivateKey,
  privateKeyPem,
  readKeyFile,
  type SigningKey,
  writeKeyFile,
} from "./trust/keys.js";
export { addKeysetSignatures, type SignedKeyset, signKeyset } from "./trust/sign-keyset.js";
export { signRelease, unsignedRelease } from "./trust/sign-release.js";
export { EMPTY_TRUST, type SubsystemTrust, type TrustState } from "./trust/trust-state.js";
export { TrustStore, type TrustStoreOptions } from "./trust/trust-store.js";
export { type VerifyOptions, verifyKeyset, verifyRelease } from "./trust/verify-release.js";
