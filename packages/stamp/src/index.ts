export { type CiFacts, detectCi, type Env, isCi, parseBuildNumber } from "./ci.js";
export {
  type BuildFacts,
  type CreatedStamp,
  createStamp,
  type StampOptions,
} from "./create-stamp.js";
export { type GitState, readGit } from "./git.js";
export { type ArtifactFile, hashArtifact, hashFiles } from "./hash-artifact.js";
export { readStampTag, type StampTag, withoutStampTags, withStampTag } from "./html-stamp.js";
export { listFiles } from "./list-files.js";
export { readPackageName, readPackageVersion } from "./package-json.js";
export {
  formatVersionFile,
  parseVersionFile,
  readVersionFile,
  VERSION_FILE_NAME,
  type VersionFile,
  writeVersionFile,
} from "./version-file.js";
export { type LabelSources, parseVersionLabel, versionLabel } from "./version-label.js";
export { writeFileAtomically } from "./write-file-atomically.js";
