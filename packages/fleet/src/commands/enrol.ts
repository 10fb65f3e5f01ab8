import { platformKey } from "@tideline/version/fleet";
import { platformHere } from "../artifact/platform-here.js";
import { UsageError } from "../usage-error.js";
import { addCommand } from "./add-command.js";

interface EnrolOptions {
  readonly url?: string;
  readonly token?: string;
  readonly name?: string;
  readonly channel?: string;
}

/** `tideline-sync enrol`: makes this machine known to the fleet's ledger. */
export const addEnrol = addCommand<EnrolOptions>({
  usage: "enrol",
  summary: "Make this machine known to the ledger; its private key never leaves it",
  examples: [
    "TIDELINE_FLEET_ENROL_TOKEN=… tideline-sync enrol",
    "tideline-sync enrol --url https://happy-otter-123.convex.cloud --token … --name workshop-12",
  ],
  options: (command) =>
    command
      .option("--url <address>", "the ledger (default: ledger.url of the configuration)")
      .option("--token <token>", "the enrolment token (default: TIDELINE_FLEET_ENROL_TOKEN)")
      .option("--name <name>", "what people call the machine (default: machine.name)")
      .option("--channel <channel>", "the machine's channel (default: machine.channel)"),
  run: async ({ options, terminal, config: readConfig }) => {
    const { env, log, signal } = terminal;
    const config = await readConfig();
    const url = (options.url ?? config.ledger?.url)?.replace(/\/+$/, "");
    if (url === undefined) {
      throw new UsageError(
        "Cannot enrol: expected --url or ledger.url in the configuration, got none",
      );
    }
    const enrolToken = options.token ?? env.TIDELINE_FLEET_ENROL_TOKEN;
    if (!enrolToken) {
      throw new UsageError(
        "Cannot enrol: expected TIDELINE_FLEET_ENROL_TOKEN or --token, got none",
      );
    }
    if (options.token !== undefined) {
      log("--token can be seen by everybody on this machine; TIDELINE_FLEET_ENROL_TOKEN cannot");
    }
    const name = options.name ?? config.machine.name;
    const channel = options.channel ?? config.machine.channel;
    const platform = platformKey(platformHere());
    const { enrol } = await import("../ledger/enrol.js");
    const request = { state: config.state, enrolToken, name, channel, platform };
    const { machineId, enrolledAt } = await enrol(request, { url, fetch, signal });
    const differs = [
      ...(config.ledger?.url === url ? [] : [`ledger: { url: ${url} }`]),
      ...(config.machine.channel === channel ? [] : [`machine: { channel: ${channel} }`]),
    ];
    const text = [
      `Enrolled "${name}" in channel "${channel}" of ${url} as ${machineId}`,
      ...differs.map((line) => `Put this into ${config.path}:  ${line}`),
    ];
    return { text: text.join("\n"), json: { machineId, name, channel, platform, url, enrolledAt } };
  },
});
