import { FLEET_FUNCTIONS, type FleetAnswer } from "@tideline/version/fleet";
import { UsageError } from "../usage-error.js";
import { addCommand } from "./add-command.js";
import { requireSubsystem } from "./require-subsystem.js";
import { EXIT_CODES } from "./terminal.js";

interface RolloutOptions {
  readonly channel?: string;
  readonly note?: string;
  readonly withoutSilent?: true;
}

/** What a person may do to a rollout: what the ledger calls it, and how it is said afterwards. */
const ACTIONS = {
  pause: { to: "paused", done: "is paused: no machine begins" },
  resume: { to: "running", done: "goes on" },
  halt: { to: "halted", done: "is halted: no machine begins, and only a person lets it go on" },
} as const;

type Action = keyof typeof ACTIONS;

/** `tideline-sync rollout pause NAME`: stops a release on its way to the machines, or lets it go on. */
export const addRollout = addCommand<RolloutOptions>({
  usage: "rollout <action> <subsystem>",
  summary: "Pause, resume or halt the release that is on its way to the fleet",
  examples: [
    "tideline-sync rollout pause nats --note 'see #12'",
    "tideline-sync rollout resume nats",
    "tideline-sync rollout resume nats --without-silent    # canaries that are switched off",
    "tideline-sync rollout halt nats --channel beta",
  ],
  options: (command) =>
    command
      .option("--channel <channel>", "whose rollout (default: machine.channel)")
      .option("--note <text>", "why, for whoever reads the ledger")
      .option(
        "--without-silent",
        "with resume, also of one that runs: wait no longer for machines of the open ring that have not begun",
      )
      .addHelpText(
        "after",
        "\nMachines that have the release keep it; `tideline-sync publish NAME --revert SEQ` takes it back.",
      ),
  run: async ({ words: [word = "", subsystem = ""], options, terminal, config: readConfig }) => {
    const action = readAction(word);
    const { withoutSilent } = options;
    if (withoutSilent && action !== "resume") {
      throw new UsageError(
        `Cannot ${action} the rollout: expected --without-silent with resume alone`,
      );
    }
    const config = await readConfig();
    requireSubsystem(config, subsystem);
    if (config.ledger === null) {
      throw new UsageError(
        `Cannot ${action} the rollout: expected ledger.url in the configuration, got none; a machine without a ledger has no rollouts`,
      );
    }
    const { env, signal } = terminal;
    const token = env.TIDELINE_FLEET_TOKEN;
    if (!token) {
      throw new UsageError(`Cannot ${action} the rollout: expected TIDELINE_FLEET_TOKEN, got none`);
    }
    const { url } = config.ledger;
    const { channel = config.machine.channel, note } = options;
    const { to, done } = ACTIONS[action];
    const { askLedger } = await import("../ledger/ask-ledger.js");
    const answer = (await askLedger(
      "mutation",
      FLEET_FUNCTIONS.changeRollout,
      { token, channel, subsystem, to, note, withoutSilent },
      { url, doing: `${action} the rollout`, token: "TIDELINE_FLEET_TOKEN", fetch, signal },
    )) as FleetAnswer;
    if (!answer.ok) {
      const { code, message } = answer;
      return { exitCode: EXIT_CODES.failed, text: message, json: { code, message } };
    }
    const { mode, generation } = answer;
    const waits = withoutSilent
      ? "; machines that have not begun are waited for no longer, once another one is well"
      : "";
    return {
      text: `The rollout of "${subsystem}" in channel "${channel}" ${done}${waits}`,
      json: { subsystem, channel, mode, generation },
    };
  },
});

/** @throws {UsageError} */
function readAction(word: string): Action {
  if (Object.hasOwn(ACTIONS, word)) return word as Action;
  throw new UsageError(
    `Cannot change the rollout: expected one of "${Object.keys(ACTIONS).join('", "')}", got "${word}"`,
  );
}
