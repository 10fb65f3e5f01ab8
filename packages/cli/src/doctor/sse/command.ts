import { type Command, EVERYWHERE } from "../../command.js";

/** `tideline doctor sse`. */
export const doctorSseCommand: Command = {
  help: "Watch a gateway's event stream for half a minute, and say what in between spoils it",
  positionals: [
    {
      name: "url",
      help: "A gateway, its /events/version or /version, or a page with its script tag",
    },
  ],
  options: {
    quick: { help: "Leave out what takes long: the beat, and bursts between beats" },
    origin: { value: "origin", help: "Pages of this origin must be let in (CORS)" },
    timeout: { value: "seconds", help: "How long an answer may take (10)" },
    beat: { value: "seconds", help: "How often the gateway sends the version (30)" },
    ...EVERYWHERE,
  },
  examples: [
    "tideline doctor sse https://example.com/",
    'tideline doctor sse --quick "https://live.example.com/?appName=web&environment=production"',
  ],
  load: async () => (await import("./run-doctor-sse.js")).runDoctorSse,
};
