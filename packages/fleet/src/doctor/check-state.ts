/** What this machine keeps, and whether anything was left half done. */
import { access, constants, readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { readJournal } from "../engine/journal.js";
import { lockHolder } from "../engine/lock.js";
import { readOutcomes } from "../engine/outcome.js";
import { journalPath, lockPath } from "../engine/state-paths.js";
import { listReports } from "../ledger/report-folder.js";
import { nextStepOf } from "../next-step.js";
import { missingIsNull } from "../swap/keep-previous.js";
import {
  type Check,
  type DoctorWorld,
  failed,
  ok,
  type Said,
  skipped,
  warning,
} from "./finding.js";

export const STATE_CHECKS: readonly Check[] = [
  {
    name: "state-folder",
    run: async ({ config: { state } }) => {
      const found = await stat(state).catch(missingIsNull);
      if (found === null) return skipped(`"${state}" is made when something is to be kept`);
      if (!found.isDirectory()) {
        return failed(`"${state}" is no folder`, `Move it away, or set "state" to another folder`);
      }
      try {
        await access(state, constants.R_OK | constants.W_OK | constants.X_OK);
      } catch {
        return failed(
          `"${state}" may not be written by this user`,
          `Run tideline-sync as the owner of "${state}", or give the folder to this user`,
        );
      }
      if (process.platform !== "win32" && (found.mode & 0o077) !== 0) {
        const mode = (found.mode & 0o777).toString(8);
        return failed(
          `Others than its owner may use "${state}", which holds this machine's key: its mode is ${mode}`,
          `chmod 700 '${state}'`,
        );
      }
      return ok(`Only its owner may use "${state}"`);
    },
  },
  {
    name: "locks",
    run: async ({ config: { state } }) => {
      const folder = join(state, "locks");
      const names = (await readdir(folder).catch(missingIsNull)) ?? [];
      const locks = names.filter((name) => name.endsWith(".lock"));
      const stale: string[] = [];
      for (const name of locks) {
        if ((await lockHolder(join(folder, name))) === null) stale.push(basename(name, ".lock"));
      }
      if (stale.length === 0) return ok(`${locks.length} locks, each of a process that runs`);
      // A lock dies with its owner: nobody waits for these.
      return ok(
        `Left by processes that have ended, and taken over when needed: ${stale.join(", ")}`,
      );
    },
  },
  {
    name: "journals",
    run: async (world) => {
      const said = await Promise.all(
        Object.keys(world.config.subsystems).map((name) => checkJournal(name, world)),
      );
      const found = said.flat();
      return found.length > 0 ? found : ok("No update was left half done");
    },
  },
  {
    name: "reports",
    run: async ({ config: { state, ledger } }) => {
      if (ledger === null) return skipped("There is no ledger to report to");
      const waiting = await listReports(join(state, "reports"));
      if (waiting.length === 0) return ok("The ledger has taken every report");
      return warning(
        `${waiting.length} reports wait for the ledger`,
        "Nothing to do while the ledger is away; else start `tideline-sync watch`, which sends them",
      );
    },
  },
];

async function checkJournal(name: string, { config: { state } }: DoctorWorld): Promise<Said[]> {
  const [journal, outcomes, holder] = [
    await readJournal(state, name),
    await readOutcomes(state, name),
    await lockHolder(lockPath(state, { subsystem: name })),
  ];
  if (journal === "unreadable") {
    return [
      failed(
        `The journal of "${name}" cannot be read`,
        `Run \`tideline-sync apply ${name}\`: it keeps "${journalPath(state, name)}" aside and goes by the live binary`,
      ),
    ];
  }
  const { live } = outcomes;
  if (
    journal?.state === "needs-operator" ||
    (journal === null && live?.state === "needs-operator")
  ) {
    const reason = live?.reason ?? "ROLLBACK_FAILED";
    return [
      failed(`"${name}" needs somebody: ${live?.detail ?? reason}`, nextStepOf(reason, name)),
    ];
  }
  if (journal === null || holder !== null) return [];
  return [
    warning(
      `The update of "${name}" to ${journal.version} was interrupted at ${journal.state}`,
      `Start \`tideline-sync watch\`, which goes on from there, or run \`tideline-sync apply ${name}\``,
    ),
  ];
}
