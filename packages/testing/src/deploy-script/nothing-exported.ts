import type { Variables } from "../local-rig.js";

const NAMES = [
  ...["CI", "GITHUB_ACTIONS", "GITHUB_SHA", "GITHUB_RUN_NUMBER", "GIT_TAG", "COMMIT_SHA"],
  ...["SPOT_VERSION", "TIDELINE_VERSION", "VERSION", "BUILD_ID", "SOURCE_DATE_EPOCH"],
  ...["TIDELINE_ENVIRONMENT", "TIDELINE_RECORD_TOKEN", "CONVEX_URL", "VITE_CONVEX_URL"],
];

/** Takes away what the shell of whoever runs the tests exported about something else. */
export const NOTHING_EXPORTED: Variables = Object.fromEntries(
  NAMES.map((name) => [name, undefined]),
);
