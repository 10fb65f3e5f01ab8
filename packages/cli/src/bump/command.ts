import { type Command, EVERYWHERE } from "../command.js";

/** `tideline bump`. */
export const bumpCommand: Command = {
  help: "Raise the version, in this folder or (with --push) on the branch, with a tag",
  positionals: [{ name: "level", help: '"patch", "minor" or "major"' }],
  options: {
    push: { help: "Commit it on top of the remote branch and tag it, both or neither" },
    for: { value: "sha", help: "Bump once for this commit: a repeat gives the version it got" },
    file: { value: "path", help: "The version file (default: the configuration's)" },
    "dry-run": { help: "Show what would be done, and do nothing" },
    ...EVERYWHERE,
  },
  examples: ["tideline bump minor", "tideline bump patch --push --for $GITHUB_SHA"],
  load: async () => (await import("./run-bump.js")).runBump,
};
