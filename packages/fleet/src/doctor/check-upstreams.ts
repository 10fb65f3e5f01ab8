/** Whether upstreams and the release host can be asked, and nobody serves an old state. */

import { FLEET_FUNCTIONS, type FleetTarget } from "@tideline/version/fleet";
import { githubToken } from "../detect/detect-world.js";
import { connectRemote } from "../detect/git-remote.js";
import { listRefs } from "../detect/list-refs.js";
import { askLedger } from "../ledger/ask-ledger.js";
import { readNewestRelease } from "../ledger/read-newest-release.js";
import { openTrustStore } from "../open-trust-store.js";
import { releaseToken } from "../publish/open-publisher.js";
import { ReleaseHost } from "../publish/release-host.js";
import { SyncError } from "../sync-error.js";
import { freezeAlarm } from "../trust/freeze-alarm.js";
import { trustOf } from "../trust/trust-state.js";
import { verifyRelease } from "../trust/verify-release.js";
import { type Check, type DoctorWorld, failed, ok, type Said, skipped } from "./finding.js";

export const UPSTREAM_CHECKS: readonly Check[] = [
  {
    name: "remotes",
    run: async ({ config, env, fetch, now, signal, isOnline }) => {
      const remotes = Object.values(config.subsystems).flatMap(({ name, upstream }) =>
        (upstream?.remotes ?? []).map((remote) => ({
          name,
          remote,
          branch: upstream?.branch ?? "",
        })),
      );
      if (remotes.length === 0) return skipped("No subsystem has an upstream");
      if (!isOnline) return skipped("Upstreams are only asked with --online");
      const world = { fetch, now, signal, log: () => {}, tokenFor: githubToken(env) };
      const said: Said[] = [];
      for (const { name, remote, branch } of remotes) {
        try {
          const ref = `refs/heads/${branch}`;
          const refs = await listRefs(await connectRemote(remote, world), [ref], world);
          if (refs.some((one) => one.name === ref)) continue;
          said.push(
            failed(
              `${remote} of "${name}" has no branch "${branch}"`,
              `Correct upstream.branch of "${name}" in sync.config.yaml`,
            ),
          );
        } catch (error) {
          if (!(error instanceof SyncError)) throw error;
          said.push(failed(error.message, error.nextStep));
        }
      }
      return said.length > 0 ? said : ok(`Every remote answers: ${remotes.length}`);
    },
  },
  {
    name: "freeze",
    run: async (world) => {
      const { config, isOnline } = world;
      const { state } = await openTrustStore(config);
      const targets = await ledgerTargets(world);
      const said: Said[] = [];
      let compared = 0;
      for (const subsystem of Object.keys(config.subsystems)) {
        const target = targets?.find((one) => one.subsystem === subsystem);
        const seqs = [target?.settled?.seq, target?.rollout?.seq].filter(
          (seq) => seq !== undefined,
        );
        const ledger = seqs.length === 0 ? null : Math.max(...seqs);
        const { seq: seen } = trustOf(state, subsystem);
        let host: number | null = null;
        try {
          host = isOnline ? await newestOnHost(subsystem, world) : null;
        } catch (error) {
          if (!(error instanceof SyncError)) throw error;
          said.push(failed(error.message, error.nextStep));
        }
        if (ledger === null && host === null) continue;
        compared += 1;
        const alarm = freezeAlarm({ subsystem, ledger, host, seen });
        if (alarm !== null) said.push(failed(alarm.message, alarm.nextStep));
      }
      if (said.length > 0) return said;
      if (compared === 0) return skipped("Nothing is published, or --online is missing");
      return ok(`Nobody serves an older state than was seen before: ${compared} compared`);
    },
  },
];

async function ledgerTargets({
  config,
  env,
  fetch,
  signal,
}: DoctorWorld): Promise<readonly FleetTarget[] | null> {
  const token = env.TIDELINE_FLEET_READ_TOKEN;
  if (config.ledger === null || !token) return null;
  const { channel } = config.machine;
  const how = { url: config.ledger.url, doing: "ask", fetch, signal };
  try {
    const args = { channel, token };
    return (await askLedger("query", FLEET_FUNCTIONS.watchTargets, args, how)) as FleetTarget[];
  } catch {
    // What is wrong with the ledger is said by its own check.
    signal.throwIfAborted();
    return null;
  }
}

async function newestOnHost(
  subsystem: string,
  { config, env, fetch, now, signal }: DoctorWorld,
): Promise<number | null> {
  if (config.releases === null) return null;
  const log = () => {};
  const token = releaseToken(env);
  const host = new ReleaseHost({ ...config.releases, token }, { fetch, now, log, signal });
  // By signature alone: that it is not older than what was seen is the question here.
  const state = { keysetVersion: 0, signedAt: 0, subsystems: {}, revoked: [] };
  const newest = await readNewestRelease(
    subsystem,
    host,
    (release) =>
      verifyRelease(release, { ...config.trust, now: now(), state, expected: { subsystem } }),
    log,
  );
  return newest?.manifest.seq ?? null;
}
