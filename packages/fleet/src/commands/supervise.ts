import { startSupervisor } from "../supervise/built-in/start-supervisor.js";
import { SYNC_VERSION } from "../sync-version.js";
import { UsageError } from "../usage-error.js";
import { createServiceLog } from "../watch/service-log.js";
import { addCommand } from "./add-command.js";

/** `tideline-sync supervise`: runs the services of `supervisor.services` until it is told to end. */
export const addSupervise = addCommand<{ quiet?: true }>({
  usage: "supervise",
  summary: "Run the services of sync.config.yaml, for a machine without process-compose or systemd",
  examples: [
    "tideline-sync supervise",
    "tideline-sync supervise --json    # a JSON object for each line of its log",
    "tideline-sync supervise --quiet --config /srv/sync.config.yaml",
  ],
  options: (command) => command.option("--quiet", "do not repeat what the services write"),
  run: async ({ options, terminal, config }) => {
    const { supervisor, path } = await config();
    if (supervisor.kind !== "built-in") {
      throw new UsageError(
        `Cannot supervise: expected "supervisor" of the kind "built-in" in "${path}", got "${supervisor.kind}"`,
      );
    }
    const { socket, services } = supervisor;
    if (Object.keys(services).length === 0) {
      throw new UsageError(
        `Cannot supervise: expected a service or more under "supervisor.services" in "${path}", got none`,
      );
    }
    const logJson = createServiceLog({
      ...{ isInteractive: false, write: terminal.log, now: Date.now },
    });
    const say = (message: string) =>
      options.json ? logJson("supervise", { message }) : terminal.log(message);
    const running = await startSupervisor({
      ...{ socket, services, version: SYNC_VERSION },
      log: (service, line) => {
        if (service === null) return say(line);
        if (options.quiet === true) return;
        if (options.json) logJson("output", { service, message: line });
        else terminal.log(`[${service}] ${line}`);
      },
    });
    say(`Listening on ${running.address}`);
    const end = () => void running.close();
    terminal.signal.addEventListener("abort", end, { once: true });
    if (terminal.signal.aborted) end();
    await running.closed;
    // Told to end, it has ended in order: that is what was asked for.
    return { text: "", json: { ended: true } };
  },
});
