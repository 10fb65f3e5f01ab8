import type { EngineDeps } from "../engine/engine-deps.js";
import { openTrustStore } from "../open-trust-store.js";
import { formatStatus } from "../status/format-status.js";
import { hearLedger } from "../status/hear-ledger.js";
import { readStatus } from "../status/read-status.js";
import { openSupervisor } from "../supervise/open-supervisor.js";
import { addCommand } from "./add-command.js";
import { EXIT_CODES } from "./terminal.js";

// Somebody sits before it.
const LEDGER_WITHIN_MS = 5_000;

/** `tideline-sync status`: what runs, what should, and what to do about it. */
export const addStatus = addCommand({
  usage: "status",
  summary: "Say what runs here, what should, and what stands between the two",
  examples: ["tideline-sync status", "tideline-sync status --json"],
  run: async ({ terminal, config: readConfig }) => {
    const { env, log, signal } = terminal;
    const config = await readConfig();
    const trust = await openTrustStore(config);
    const now = Date.now;
    const options = { config, env, trust, fetch, now, log, signal };
    const { ledger, machine, problem, isReachable } = await hearLedger(options, LEDGER_WITHIN_MS);
    const deps: EngineDeps = {
      ...{ config, ledger, machine, trust, fetch, now, log },
      supervisor: openSupervisor(config, env),
      atStep: () => {},
    };
    try {
      const status = await readStatus({
        ...{ deps, machineId: machine?.machineId ?? null, problem, isReachable, signal },
      });
      // Whatever it runs: nothing newer would ever be installed, and that is to be seen.
      const exitCode = status.trustProblem === null ? EXIT_CODES.done : EXIT_CODES.refused;
      return { exitCode, text: formatStatus(status), json: status };
    } finally {
      await ledger.close();
    }
  },
});
