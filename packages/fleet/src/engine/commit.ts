import { dirname } from "node:path";
import { sweepStaging } from "../artifact/fetch-binary.js";
import { previousPaths } from "../swap/keep-previous.js";
import { readVersionFile, writeVersionFile } from "../swap/version-file.js";
import type { Attempt } from "./attempt.js";
import { forgetAttempts } from "./attempts.js";
import { despiteDisk } from "./despite-disk.js";
import type { UpdateOutcome } from "./update-outcome.js";

/** Lets `.version` speak of the new binary as soon as that is the live one; `recorded`. */
export async function record(attempt: Attempt): Promise<void> {
  await writeVersionFile(dirname(attempt.live), attempt.journal.to);
  await attempt.step("recorded");
}

/** Ends an attempt whose new version has been watched: `committed`. May be repeated after a crash. */
export async function commit(attempt: Attempt): Promise<UpdateOutcome> {
  const { deps, subsystem } = attempt;
  const { version, seq, to } = attempt.journal;
  await attempt.enter("committed");
  await despiteDisk(deps.log, () => deps.trust.reach(subsystem.name, seq));
  await settle(attempt);
  await forgetAttempts(attempt.state, subsystem.name);
  await sweepStaging(attempt.stagingFolder);
  deps.log(`${subsystem.name}: ${version} runs, ${await keptBeside(attempt.live)} is kept`);
  await attempt.end({ state: "committed", reason: null, detail: null, log: [] }, to.checksum);
  return { state: "committed", version, seq };
}

/** For people: by its record alone, as nothing is done with it. */
async function keptBeside(live: string): Promise<string> {
  const kept = await readVersionFile(previousPaths(live).folder);
  if (kept.state !== "read") return "nothing";
  const { version, checksum } = kept.file;
  return version ?? `the binary with sha256 ${checksum.slice(0, 12)}…`;
}

/** Lets the supervisor know that what is live now is well. That it could not note it changes nothing. */
export async function settle({ deps, subsystem: { name, service } }: Attempt): Promise<void> {
  if (service === null) return;
  try {
    await deps.supervisor.settle?.(service);
  } catch (error) {
    deps.log(`${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
