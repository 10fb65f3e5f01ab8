import { type Command, EVERYWHERE } from "../command.js";

const TARGET = {
  environment: { value: "name", help: "TIDELINE_ENVIRONMENT" },
  url: { value: "url", help: "The Convex deployment: CONVEX_URL, else the configuration's" },
  timeout: { value: "seconds", help: "How long to try in all (default 60)" },
} as const;

const SERVICE = [
  { name: "service", help: "Of tideline.config.json; else the app's name" },
] as const;

/** `tideline hold`. */
export const holdCommand: Command = {
  help: "Refuse every deployment of a service until it is released",
  positionals: SERVICE,
  options: {
    reason: { value: "text", help: "Why; whoever is refused reads it" },
    ...TARGET,
    ...EVERYWHERE,
  },
  examples: ["tideline hold web --environment production --reason 'Until the migration is done'"],
  load: async () => (await import("./run-hold.js")).runHold,
};

/** `tideline release-hold`. */
export const releaseHoldCommand: Command = {
  help: "Let a service that is held be deployed again",
  positionals: SERVICE,
  options: { ...TARGET, ...EVERYWHERE },
  examples: ["tideline release-hold web --environment production"],
  load: async () => (await import("./run-hold.js")).runReleaseHold,
};
