/**
 * A process that works on many machines at once and stops each of them at a step of its own. When all
 * have come to their step, or to their end, it says so and waits to be killed: one SIGKILL is then the
 * crash of every one of them, at exactly the step that was asked for.
 *
 * Run: node <bundle of this> <work file>
 */
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  openSupervisor,
  recover,
  rollBackByHand,
  type SyncConfig,
  TrustStore,
  type UpdateOutcome,
  updateSubsystem,
} from "@tideline/fleet";
import type { FleetTarget } from "@tideline/version/fleet";
import { RecordingLedger } from "./recording-ledger.js";

/** What is done on one machine. */
export interface CrashWork {
  readonly config: SyncConfig;
  readonly subsystem: string;
  /** `start`: what a service does first, recovery and then what the ledger asks for. */
  readonly action: "update" | "start" | "recover" | "rollback";
  readonly target: FleetTarget;
  /** Whether an update takes the place of a binary that nobody knows. @default false */
  readonly replaces?: boolean;
  readonly now: number;
  /** Null: to its end. */
  readonly crashAt: string | null;
}

/** What came of it, written beside the machine's configuration. */
export interface CrashResult {
  readonly crashed: boolean;
  readonly steps: readonly string[];
  readonly error: string | null;
  /** Of the update, if one was begun and ended. */
  readonly outcome: UpdateOutcome | null;
}

/** Where a machine's result and reports are. */
export const resultPath = (folder: string) => join(folder, "crash-result.json");
export const reportsPath = (folder: string) => join(folder, "reports.jsonl");

async function work(job: CrashWork): Promise<void> {
  const { config, subsystem, action, target, replaces = false, now, crashAt } = job;
  const steps: string[] = [];
  let outcome: UpdateOutcome | null = null;
  const write = (result: Pick<CrashResult, "crashed" | "error">) =>
    writeFileSync(resultPath(config.folder), JSON.stringify({ ...result, steps, outcome }));
  const crashed = new Promise<void>((resolve) => {
    const atStep = async (step: string) => {
      steps.push(step);
      if (step !== crashAt) return;
      write({ crashed: true, error: null });
      resolve();
      await new Promise(() => {});
    };
    run(atStep).then(
      () => {
        write({ crashed: false, error: null });
        resolve();
      },
      (error: Error) => {
        write({ crashed: false, error: error.stack ?? error.message });
        resolve();
      },
    );
  });
  await crashed;

  async function run(atStep: (step: string) => Promise<void>): Promise<void> {
    const ledger = new RecordingLedger();
    ledger.known = [target];
    ledger.onReport((report) => {
      appendFileSync(reportsPath(config.folder), `${JSON.stringify(report)}\n`);
    });
    const { signal } = new AbortController();
    const deps = {
      ...{ config, machine: null, ledger, supervisor: openSupervisor(config), atStep },
      trust: await TrustStore.open(config.state),
      ...{ fetch: globalThis.fetch, now: () => now, log: () => {} },
    };
    if (action === "start" || action === "recover") {
      outcome = (await recover(deps, { signal })).get(subsystem) ?? null;
    }
    // Urgent, since a crash while it downloads counts as a try in vain.
    const urgent = { signal, isUrgent: true, replaces };
    if (action === "update" || action === "start") {
      outcome = await updateSubsystem(deps, subsystem, target, urgent);
    }
    if (action === "rollback") await rollBackByHand(deps, subsystem, { signal });
  }
}

const [path = ""] = process.argv.slice(2);
// Imported for its types and paths as well.
if (path !== "") {
  const jobs = JSON.parse(readFileSync(path, "utf8")) as readonly CrashWork[];
  await Promise.all(jobs.map(work));
  process.stdout.write("all stand still\n");
  setInterval(() => {}, 1_000);
}
