export type { AttemptReport, AttemptState, ReportedState } from "./attempt.js";
export { type AttemptOutcome, attemptOutcome } from "./attempt-outcome.js";
export { bucketOf } from "./bucket.js";
export {
  awaitedMachines,
  capExcuses,
  decideRollout,
  type RingCounts,
  type RolloutDecision,
  type RolloutProgress,
} from "./decide-rollout.js";
export { type Enrolment, enrolmentText } from "./enrolment.js";
export type { FleetAnswer, FleetRefusalCode } from "./fleet-answer.js";
export { FLEET_FUNCTIONS } from "./fleet-function-names.js";
export {
  OID,
  PLATFORM,
  PUBLIC_KEY,
  SHA256,
  SIGNATURE_VALUE,
  SUBSYSTEM,
  VERSION,
} from "./fleet-patterns.js";
export type { FleetRollout, FleetTarget, RolloutMode } from "./fleet-target.js";
export type {
  FleetAuditEntry,
  FleetInstall,
  FleetMachine,
  FleetRelease,
  FleetRing,
  FleetRolloutView,
  FleetSubsystem,
  FleetUpstream,
  FleetView,
} from "./fleet-view.js";
export { isSemanticVersion } from "./is-semantic-version.js";
export { MAX_KEYSET_LENGTH, parseKeyset } from "./parse-keyset.js";
export { MAX_MANIFEST_LENGTH, MAX_SEQ, parseReleaseManifest } from "./parse-release-manifest.js";
export { parseSignedKeyset, parseSignedRelease } from "./parse-signed-release.js";
export { type Platform, type PlatformKey, platformKey } from "./platform.js";
export { REASONS, type ReasonCode } from "./reasons.js";
export type { ReleaseArtifact, ReleaseManifest, UpdateClass } from "./release-manifest.js";
export { isNamedAfterCommit, releaseStep } from "./release-step.js";
export {
  checkRolloutPolicy,
  DEFAULT_ROLLOUT_POLICY,
  type RolloutPolicy,
  type RolloutRing,
} from "./rollout-policy.js";
export {
  allowedFailures,
  canaryCount,
  chooseCanaries,
  mayStart,
  neededResponders,
  openToOf,
  type RolloutMachine,
  ringOf,
} from "./rollout-rings.js";
export {
  type MachineAnswer,
  type MachineMessage,
  type PresenceMessage,
  type ReportsMessage,
  type RunningBinary,
  type SignedCall,
  signedCallText,
} from "./signed-call.js";
export { type Keyset, type Signature, type SignedRelease, signedText } from "./signed-release.js";
export { parseStrictJson } from "./strict-json.js";
export { updateClass } from "./update-class.js";
export type { UpstreamHint } from "./upstream-hint.js";
export { verifyWebhook } from "./verify-webhook.js";
