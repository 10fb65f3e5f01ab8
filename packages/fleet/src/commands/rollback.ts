import type { SyncConfig } from "../config/sync-config.js";
import { rollBackByHand } from "../engine/roll-back-by-hand.js";
import { type OpenLedger, openLedger } from "../ledger/open-ledger.js";
import { openTrustStore } from "../open-trust-store.js";
import { openSupervisor } from "../supervise/open-supervisor.js";
import { UsageError } from "../usage-error.js";
import { addCommand } from "./add-command.js";
import { requireSubsystem } from "./require-subsystem.js";
import { EXIT_CODES, type Terminal } from "./terminal.js";

/** `tideline-sync rollback NAME`: goes back to the version before, and stays there. */
export const addRollback = addCommand({
  usage: "rollback <subsystem>",
  summary: "Go back to the version before, without a network, and stay there until `pin --remove`",
  examples: ["tideline-sync rollback nats"],
  run: async ({ words: [name = ""], terminal, config: readConfig }) => {
    const config = await readConfig();
    requireSubsystem(config, name);
    const { env, log, signal } = terminal;
    const trust = await openTrustStore(config);
    const { ledger, machine } = await openQuietly(config, terminal);
    try {
      const deps = {
        ...{ config, ledger, machine, trust, fetch, now: Date.now, log },
        supervisor: openSupervisor(config, env),
        atStep: () => {},
      };
      const outcome = await rollBackByHand(deps, name, { signal });
      const json = { name, ...outcome };
      if (outcome.state !== "rolled-back") {
        const said = "detail" in outcome ? outcome.detail : outcome.state;
        return { exitCode: EXIT_CODES.failed, text: `${name}: ${said}`, json };
      }
      const unpin = `\`tideline-sync pin ${name} --remove\` lets updates through again`;
      const text = `${name}: ${outcome.restored ?? "the version before"} runs again; ${unpin}`;
      return { text, json };
    } finally {
      await ledger.close();
    }
  },
});

/** A ledger that takes reports for later. It is not connected to, and its tokens may be missing. */
async function openQuietly(config: SyncConfig, terminal: Terminal): Promise<OpenLedger> {
  const { env, log, signal } = terminal;
  const trust = await openTrustStore(config);
  const options = { config, env, trust, fetch, now: Date.now, log, signal };
  try {
    return await openLedger(options);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    log(`The ledger will not hear of this: ${error.message}`);
    return await openLedger({ ...options, config: { ...config, ledger: null, releases: null } });
  }
}
