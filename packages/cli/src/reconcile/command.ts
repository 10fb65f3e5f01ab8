import { type Command, EVERYWHERE } from "../command.js";

/** `tideline reconcile`. */
export const reconcileCommand: Command = {
  help: "Look at what is served and, where the ledger says another build, record that",
  positionals: [
    {
      name: "service",
      isOptional: true,
      help: "Of tideline.config.json, else the app's name (default: what the address says)",
    },
  ],
  options: {
    probe: {
      value: "url",
      isMany: true,
      help: "The address that serves it (default: the configuration's; several must agree)",
    },
    "probe-interval": { value: "seconds", help: "The pause between two looks (default 2)" },
    timeout: { value: "seconds", help: "How long to look for an agreement (default 300)" },
    environment: { value: "name", help: "TIDELINE_ENVIRONMENT, else what the address says" },
    watch: { value: "seconds", help: "Again and again, with this pause, until Ctrl-C" },
    url: { value: "url", help: "The Convex deployment: CONVEX_URL, else the configuration's" },
    "site-url": { value: "url", help: "Its HTTP actions: CONVEX_SITE_URL" },
    "dry-run": { help: "Show what would be recorded, and record nothing" },
    ...EVERYWHERE,
  },
  examples: [
    "tideline reconcile web --environment production",
    "tideline reconcile --probe https://example.com/ --watch 300",
  ],
  load: async () => (await import("./run-reconcile.js")).runReconcile,
};
