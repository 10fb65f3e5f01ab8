import { type Command, EVERYWHERE } from "../command.js";

/** `tideline release`. */
export const releaseCommand: Command = {
  help: "Tag a version for production, on a commit whose workflows are not skipped",
  options: {
    at: { value: "commit", help: "A commit or tag of the branch (default: its newest commit)" },
    "dry-run": { help: "Show what would be done, and do nothing" },
    ...EVERYWHERE,
  },
  examples: ["tideline release", "tideline release --at v4.20.5"],
  load: async () => (await import("./run-release.js")).runRelease,
};
