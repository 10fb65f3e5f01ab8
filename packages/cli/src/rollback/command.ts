import { type Command, EVERYWHERE } from "../command.js";

/** `tideline rollback`. */
export const rollbackCommand: Command = {
  help: "Go back to a build that was live, record it, and hold it there",
  positionals: [{ name: "service", help: "Of tideline.config.json; else the app's name" }],
  options: {
    to: {
      value: "build",
      help: "A tag, version, commit or build id that was live (default: the build before)",
    },
    environment: { value: "name", help: "TIDELINE_ENVIRONMENT" },
    reason: { value: "text", help: "Why; whoever is refused by the hold reads it" },
    "no-hold": { help: "Let the next automatic deployment replace it" },
    switched: { help: "It is switched already: run no deploy command, look and record" },
    probe: {
      value: "url",
      isMany: true,
      help: "The address that must serve it (default: the configuration's)",
    },
    "probe-interval": { value: "seconds", help: "The pause between two looks (default 2)" },
    timeout: { value: "seconds", help: "How long to wait for the address (default 300)" },
    url: { value: "url", help: "The Convex deployment: CONVEX_URL, else the configuration's" },
    "site-url": { value: "url", help: "Its HTTP actions: CONVEX_SITE_URL" },
    "github-deployment": { help: "Tell GitHub of it too, with GITHUB_TOKEN" },
    "dry-run": { help: "Show what would be gone back to, and change nothing" },
    ...EVERYWHERE,
  },
  examples: [
    "tideline rollback web --environment production --dry-run",
    "tideline rollback web --environment production --to v4.20.4 --reason 'Log-in fails'",
    "tideline release-hold web --environment production",
  ],
  load: async () => (await import("./run-rollback.js")).runRollback,
};
