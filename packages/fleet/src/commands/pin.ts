import { addPin as keepAsItIs, type Pins, readPins, removePin } from "../engine/pins.js";
import { readLive } from "../swap/read-live.js";
import { UsageError } from "../usage-error.js";
import { addCommand } from "./add-command.js";
import { requireSubsystem } from "./require-subsystem.js";

interface PinOptions {
  readonly remove?: true;
  readonly list?: true;
}

/** `tideline-sync pin NAME`: keeps a subsystem as it is on this machine. */
export const addPin = addCommand<PinOptions>({
  usage: "pin [subsystem]",
  summary: "Keep a subsystem as it is on this machine, until the pin is removed",
  examples: [
    "tideline-sync pin nats",
    "tideline-sync pin nats --remove",
    "tideline-sync pin --list",
  ],
  options: (command) =>
    command
      .option("--remove", "let updates through again")
      .option("--list", "say what is pinned, and since when"),
  run: async ({ words: [name], options, config: readConfig }) => {
    const config = await readConfig();
    const { state } = config;
    if (name === undefined) {
      if (options.remove) throw new UsageError("Cannot remove the pin: expected a name, got none");
      const pins = await readPins(state);
      return { text: describe(pins), json: { pins } };
    }
    if (options.list) throw new UsageError(`Cannot list: expected no name, got "${name}"`);
    const { binary } = requireSubsystem(config, name);
    if (options.remove) {
      const wasPinned = Object.hasOwn(await readPins(state), name);
      await removePin(state, name);
      const text = wasPinned ? `${name}: updates come through again` : `${name} was not pinned`;
      return { text, json: { name, pinned: false, wasPinned } };
    }
    const live = await readLive(binary);
    const version = live.state === "known" ? live.version.version : null;
    await keepAsItIs(state, name, { why: "asked", version, at: Date.now() });
    return {
      text: `${name} stays at ${version ?? "what it is"}`,
      json: { name, pinned: true, version },
    };
  },
});

function describe(pins: Pins): string {
  const lines = Object.entries(pins).map(([name, { why, version, at }]) => {
    const because = why === "rollback" ? "by a rollback" : "on request";
    return `${name} stays at ${version ?? "what it is"}, ${because}, since ${new Date(at).toISOString()}`;
  });
  return lines.length === 0 ? "Nothing is pinned" : lines.join("\n");
}
