import { type Command, EVERYWHERE } from "../command.js";

/** `tideline stamp`. */
export const stampCommand: Command = {
  help: "Show what a build made here and now says about itself",
  options: {
    app: { value: "name", help: "TIDELINE_APP, APP_NAME, else package.json's name" },
    environment: { value: "name", help: 'TIDELINE_ENVIRONMENT, else "local" outside CI' },
    dist: { value: "dir", help: "Add the build id of this artifact" },
    write: { help: "Write it into the artifact's pages and version.json (with --dist)" },
    "allow-dirty": { help: "In CI: stamp a working tree that has changes, too" },
    ...EVERYWHERE,
  },
  examples: ["tideline stamp --json", "tideline stamp --dist public --write"],
  load: async () => (await import("./run-stamp.js")).runStamp,
};
