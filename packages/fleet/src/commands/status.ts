import type { EngineDeps } from "../engine/engine-deps.js";
import { firstTargets, type OpenLedger, openLedger } from "../ledger/open-ledger.js";
import { openTrustStore } from "../open-trust-store.js";
import { formatStatus } from "../status/format-status.js";
import { problemOf, readStatus } from "../status/read-status.js";
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
    const options = { config, env, trust, fetch, now, log, signal, isReadOnly: true };
    let opened: OpenLedger | null = null;
    let problem: string | null = null;
    /** Null while it was not asked. */
    let isReachable: boolean | null = null;
    try {
      opened = await openLedger(options);
      const { ledger } = opened;
      if (ledger.kind === "convex") {
        const targets = await firstTargets(ledger, LEDGER_WITHIN_MS, signal);
        isReachable = targets !== null;
        if (targets === null) problem = `no answer within ${LEDGER_WITHIN_MS / 1000} s`;
      }
    } catch (error) {
      signal.throwIfAborted();
      problem = problemOf(error);
      // What refuses has answered.
      if (opened !== null) isReachable = true;
    }
    // What the machine itself knows is told without any ledger too.
    opened ??= await openLedger({
      ...options,
      config: { ...config, ledger: null, releases: null },
    });
    const { ledger, machine } = opened;
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
