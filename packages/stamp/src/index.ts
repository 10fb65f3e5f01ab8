export { type CiFacts, detectCi, type Env, isCi, parseBuildNumber } from "./ci.js";
export {
  type BuildFacts,
  type CreatedStamp,
  createStamp,
  type StampOptions,
} from "./create-stamp.js";
export { type GitState, type NoGitReason, readGit } from "./git.js";
export { type ArtifactFile, hashArtifact, hashFiles } from "./hash-artifact.js";
export { commitStandIn, type HidingFacts, hidesCommit } from "./hidden-stamp.js";
export { readStampTag, type StampTag, withoutStampTags, withStampTag } from "./html-stamp.js";
export {
  type FingerprintOptions,
  fingerprintInputs,
  listInputs,
  type ServiceInputs,
} from "./inputs/fingerprint-inputs.js";
export type { InputTree } from "./inputs/input-tree.js";
export { readInputTree } from "./inputs/read-input-tree.js";
export { selectInputs } from "./inputs/select-inputs.js";
export { listFiles } from "./list-files.js";
export { readPackageName, readPackageVersion } from "./package-json.js";
export { dirtyWarning, listDirtyPaths } from "./stamp-warnings.js";
export { type UntrustedOwner, untrustedOwner } from "./untrusted-owner.js";
export {
  formatVersionFile,
  parseVersionFile,
  readVersionFile,
  VERSION_FILE_NAME,
  type VersionFile,
  writeVersionFile,
} from "./version-file.js";
export { checkHidden, type VersionForm, versionForm } from "./version-form.js";
export {
  type LabelSources,
  type NamedVersion,
  parseVersionLabel,
  readNamedVersion,
  versionLabel,
} from "./version-label.js";
export { writeFileAtomically } from "./write-file-atomically.js";
