import { UsageError } from "../usage-error.js";
import { addCommand } from "./add-command.js";
import { EXIT_CODES } from "./terminal.js";

/** `tideline-sync doctor`: what stands in the way of updates on this machine, and what mends it. */
export const addDoctor = addCommand<{ online?: true }>({
  usage: "doctor",
  summary: "Look this machine over: what is well, and the sentence that mends what is not",
  examples: [
    "tideline-sync doctor",
    "tideline-sync doctor --online --json",
    "",
    "It ends with 1 if something failed; warnings are none. It changes nothing.",
  ],
  isReport: true,
  options: (command) =>
    command.option("--online", "also ask every upstream for one ref, and the release host"),
  run: async ({ options, terminal, config: readConfig }) => {
    const { env, signal } = terminal;
    const [{ runDoctor }, { formatFindings }] = await Promise.all([
      import("../doctor/run-doctor.js"),
      import("../doctor/format-findings.js"),
    ]);
    try {
      const config = await readConfig();
      const isOnline = options.online === true;
      const findings = await runDoctor({ config, env, fetch, now: Date.now, signal, isOnline });
      const isWell = findings.every(({ level }) => level !== "failed");
      return {
        exitCode: isWell ? EXIT_CODES.done : EXIT_CODES.failed,
        text: formatFindings(findings),
        json: { ok: isWell, findings },
      };
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      const fix = "Correct it; packages/fleet/README.md names every key";
      const findings = [{ check: "config", level: "failed", message: error.message, fix } as const];
      return {
        exitCode: EXIT_CODES.failed,
        text: formatFindings(findings),
        json: { ok: false, findings },
      };
    }
  },
});
