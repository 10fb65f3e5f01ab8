export type { AttemptReport, AttemptState, ReportedState } from "./attempt.js";
export { FLEET_FUNCTIONS } from "./fleet-function-names.js";
export type { FleetRollout, FleetTarget, RolloutMode } from "./fleet-target.js";
export { type Platform, type PlatformKey, platformKey } from "./platform.js";
export { REASONS, type ReasonCode } from "./reasons.js";
export type { ReleaseArtifact, ReleaseManifest, UpdateClass } from "./release-manifest.js";
export type { Keyset, Signature, SignedRelease } from "./signed-release.js";
