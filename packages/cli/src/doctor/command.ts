import { type Command, EVERYWHERE } from "../command.js";

/** `tideline doctor`. */
export const doctorCommand: Command = {
  help: "Look for what makes versions wrong and deployments unseen, and say what mends it",
  options: {
    url: { value: "url", isMany: true, help: "Look at this published page, instead of the probes" },
    network: { help: "Ask the ledger as well" },
    timeout: { value: "seconds", help: "How long a page may take to answer (10)" },
    offline: { help: "Ask nobody, not even the configured probes" },
    ...EVERYWHERE,
  },
  examples: ["tideline doctor", "tideline doctor --network --url https://example.com/"],
  load: async () => (await import("./run-doctor.js")).runDoctor,
};
