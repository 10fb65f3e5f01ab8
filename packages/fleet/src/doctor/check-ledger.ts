/** Whether the ledger answers, knows this machine's token, and is large enough. */
import { FLEET_FUNCTIONS, REASONS } from "@tideline/version/fleet";
import type { TokenVariable } from "../ledger/as-ledger-error.js";
import { askLedger } from "../ledger/ask-ledger.js";
import { readMachine } from "../ledger/machine-file.js";
import { openTrustStore } from "../open-trust-store.js";
import { SyncError } from "../sync-error.js";
import { UsageError } from "../usage-error.js";
import {
  type Check,
  type DoctorWorld,
  failed,
  ok,
  type Said,
  skipped,
  warning,
} from "./finding.js";

// Concurrent sessions of Convex's Free and Starter plans; Professional has 10,000.
const VIEW_TOKEN = "TIDELINE_FLEET_VIEW_TOKEN";
const SMALL_PLAN_SESSIONS = 1_000;
const PAGE = 200;
const CLOCK_WARNING_MS = 60_000;
const CLOCK_FAILED_MS = 10 * 60_000;
const NO_LEDGER = skipped("There is no ledger: the machine goes by the release host alone");
const START = "Check ledger.url in sync.config.yaml and the network";

export const LEDGER_CHECKS: readonly Check[] = [
  {
    name: "machine",
    run: async ({ config }) => {
      if (config.ledger === null) return NO_LEDGER;
      const { url } = config.ledger;
      const { channel } = config.machine;
      const enrol = `Run \`tideline-sync enrol --url ${url}\` with TIDELINE_FLEET_ENROL_TOKEN`;
      try {
        const machine = await readMachine(config.state);
        if (machine === null) return failed("The machine is not enrolled", enrol);
        if (machine.url !== url || machine.channel !== channel) {
          return failed(
            `The machine is enrolled at ${machine.url} in channel "${machine.channel}", and configured for ${url} in "${channel}"`,
            enrol,
          );
        }
        return ok(`Enrolled as ${machine.machineId} in channel "${channel}"`);
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        return failed(error.message, "Mend machine.json as it says, or enrol again");
      }
    },
  },
  {
    name: "ledger",
    run: async (world) => {
      if (world.config.ledger === null) return NO_LEDGER;
      if (!world.env.TIDELINE_FLEET_READ_TOKEN) {
        return failed(
          "TIDELINE_FLEET_READ_TOKEN is not set here",
          "Set it to the fleet's read token where `watch` and `doctor` run, as in the .env of the service",
        );
      }
      try {
        const { channel } = world.config.machine;
        const targets = (await ask(world, FLEET_FUNCTIONS.watchTargets, { channel })) as unknown[];
        return ok(`It answers, and names ${targets.length} subsystems for "${channel}"`);
      } catch (error) {
        world.signal.throwIfAborted();
        return refusal(error);
      }
    },
  },
  {
    name: "clock",
    run: async (world) => {
      const { config, now } = world;
      // Time has come at least to where the newest release was signed, whatever the clock says.
      const { signedAt } = (await openTrustStore(config)).state;
      if (now() < signedAt - CLOCK_WARNING_MS) {
        return failed(
          `The clock says ${at(now())}, and a release that was accepted here was signed at ${at(signedAt)}`,
          "Set the machine's clock",
        );
      }
      const theirs = await ledgerTime(world);
      if (theirs === null) return skipped("Nobody here tells the time to compare it with");
      const off = Math.abs(now() - theirs);
      const seconds = Math.round(off / 1000);
      if (off < CLOCK_WARNING_MS) return ok(`The clock differs from the ledger's by ${seconds} s`);
      const message = `The clock says ${at(now())}, and the ledger's ${at(theirs)}`;
      const fix = "Set the machine's clock; what expires, and windows, go by it";
      return off < CLOCK_FAILED_MS ? warning(message, fix) : failed(message, fix);
    },
  },
  {
    name: "sessions",
    run: async (world) => {
      if (world.config.ledger === null) return NO_LEDGER;
      // No machine's own token says who the others are.
      if (!world.env[VIEW_TOKEN]) return skipped(`Without ${VIEW_TOKEN} nobody counts`);
      let count = 0;
      let cursor: string | null = null;
      try {
        do {
          const paginationOpts = { numItems: PAGE, cursor };
          const page = (await ask(
            world,
            FLEET_FUNCTIONS.listMachines,
            { paginationOpts },
            VIEW_TOKEN,
          )) as {
            readonly page: readonly unknown[];
            readonly isDone: boolean;
            readonly continueCursor: string;
          };
          count += page.page.length;
          cursor = page.isDone ? null : page.continueCursor;
        } while (cursor !== null && count <= SMALL_PLAN_SESSIONS);
      } catch {
        // What is wrong with the ledger is said by its own check.
        world.signal.throwIfAborted();
        return skipped("The ledger does not say how many machines it has");
      }
      if (count <= SMALL_PLAN_SESSIONS) return ok(`${count} machines are enrolled`);
      return warning(
        `More than ${SMALL_PLAN_SESSIONS} machines are enrolled, and each of them holds a session`,
        "Run the deployment on Convex's Professional plan (10,000 sessions) or larger, or on a backend of your own",
      );
    },
  },
];

async function ask(
  { config, env, fetch, signal }: DoctorWorld,
  name: string,
  args: Readonly<Record<string, unknown>>,
  variable: TokenVariable = "TIDELINE_FLEET_READ_TOKEN",
): Promise<unknown> {
  const token = env[variable];
  const url = config.ledger?.url ?? "";
  const how = { url, doing: "read the ledger", token: variable, fetch, signal } as const;
  return await askLedger("query", name, { ...args, token }, how);
}

function refusal(error: unknown): Said {
  const message = error instanceof Error ? error.message : String(error);
  const reason = error instanceof SyncError ? error.reason : null;
  if (reason === "TOKEN_REFUSED") {
    return failed(message, "Set TIDELINE_FLEET_READ_TOKEN to the one of the deployment's settings");
  }
  // It answers: the network is not what is wrong.
  return failed(message, reason === "LEDGER_REFUSED" ? REASONS[reason] : START);
}

/** By the `Date` of any answer, which is whole seconds. */
async function ledgerTime({ config, fetch, signal }: DoctorWorld): Promise<number | null> {
  if (config.ledger === null) return null;
  const controller = new AbortController();
  const stop = () => controller.abort();
  signal.addEventListener("abort", stop, { once: true });
  const timer = setTimeout(stop, 5_000);
  try {
    const answer = await fetch(`${config.ledger.url}/version`, { signal: controller.signal });
    await answer.body?.cancel();
    const time = Date.parse(answer.headers.get("date") ?? "");
    return Number.isNaN(time) ? null : time;
  } catch {
    signal.throwIfAborted();
    return null;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}

function at(time: number): string {
  return new Date(time).toISOString();
}
