import { type Command, EVERYWHERE } from "../command.js";

/** `tideline plan`. */
export const planCommand: Command = {
  help: "Show what a deployment would build, reuse, restore or skip, compared with what is live",
  options: {
    environment: {
      value: "name",
      help: "TIDELINE_ENVIRONMENT, else the configuration's if it has one only",
    },
    url: {
      value: "url",
      help: "The Convex deployment: CONVEX_URL, CONVEX_SELF_HOSTED_URL, the environment's convexUrl",
    },
    salt: { value: "text", help: "Another text builds everything anew (default TIDELINE_SALT)" },
    "github-output": { help: "Write plan, bump, version, build and more to $GITHUB_OUTPUT" },
    summary: { help: "Write the table to $GITHUB_STEP_SUMMARY" },
    timeout: { value: "seconds", help: "How long to ask the ledger in all (default 60)" },
    ...EVERYWHERE,
  },
  examples: [
    "tideline plan --environment staging",
    "tideline plan --environment production --github-output --summary",
  ],
  load: async () => (await import("./run-plan.js")).runPlan,
};
