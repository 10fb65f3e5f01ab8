export type { AttemptReport, AttemptState, ReportedState } from "./attempt.js";
export type { FleetAnswer, FleetRefusalCode } from "./fleet-answer.js";
export { FLEET_FUNCTIONS } from "./fleet-function-names.js";
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
export { type Platform, type PlatformKey, platformKey } from "./platform.js";
export { REASONS, type ReasonCode } from "./reasons.js";
export type { ReleaseArtifact, ReleaseManifest, UpdateClass } from "./release-manifest.js";
export {
  type MachineAnswer,
  type MachineMessage,
  type PresenceMessage,
  type ReportsMessage,
  type RunningBinary,
  type SignedCall,
  signedCallText,
} from "./signed-call.js";
export type { Keyset, Signature, SignedRelease } from "./signed-release.js";
export type { UpstreamHint } from "./upstream-hint.js";
