import { isAbsolute, resolve } from "node:path";
import { DURATION_FORM, parseDuration } from "../config/duration.js";
import { activeOf } from "../guard/guard-paths.js";
import { ownFile } from "../install/own-file.js";
import { UsageError } from "../usage-error.js";
import { createServiceLog } from "../watch/service-log.js";
import { addCommand } from "./add-command.js";

interface GuardCommandOptions {
  readonly active?: string;
  readonly aliveWithin?: string;
}

/** `tideline-sync guard -- watch`: the service, and somebody who is there when its update fails. */
export const addGuard = addCommand<GuardCommandOptions>({
  usage: "guard [command...]",
  summary: "Run the service, and put the version before back when a new one does not start",
  examples: [
    "sync/.bin/.guard/tideline-sync guard -- watch",
    "sync/.bin/.guard/tideline-sync guard -- watch --port 8787",
    "",
    "Start it from the kept copy in .guard, which is there whatever becomes of an update.",
  ],
  options: (command) =>
    command
      .option("--active <file>", "the file that is updated (default: the one beside .guard)")
      .option("--alive-within <duration>", "how long a new version may take to start", "30s"),
  run: async ({ words, options, terminal }) => {
    const { cwd, signal, isInteractive } = terminal;
    const own = await ownFile();
    const active =
      options.active === undefined ? own && activeOf(own) : resolve(cwd, options.active);
    if (active === null || !isAbsolute(active)) {
      throw new UsageError(
        "Cannot guard: expected the one-file executable or --active, got the sources; run `npm run build:sync`",
      );
    }
    const given = words.flat().filter((word) => word !== undefined);
    const config = options.config === undefined ? [] : ["--config", resolve(cwd, options.config)];
    const log = createServiceLog({ isInteractive, write: terminal.log, now: Date.now });
    const { runGuard } = await import("../guard/run-guard.js");
    await runGuard({
      ...{ active, cwd, signal, now: Date.now },
      args: [...(given.length === 0 ? ["watch"] : given), ...config],
      aliveWithinMs: readDuration(options.aliveWithin),
      onLine: terminal.log,
      say: (message) => log("guard", { message }),
    });
    return { text: "", json: { ended: true } };
  },
});

function readDuration(text = "30s"): number {
  const ms = parseDuration(text);
  if (ms !== null && ms > 0) return ms;
  throw new UsageError(
    `Cannot guard: expected ${DURATION_FORM} after --alive-within, got "${text}"`,
  );
}
