import { platformKey, type ReleaseManifest } from "@tideline/version/fleet";
import { platformHere } from "../artifact/platform-here.js";
import type { SyncConfig } from "../config/sync-config.js";
import { firstTargets, openLedger } from "../ledger/open-ledger.js";
import { readSigned } from "../publish/read-signed.js";
import { isAsItShould, type VerifiedBinary, verifyBinary } from "../publish/verify-binary.js";
import { TrustStore } from "../trust/trust-store.js";
import { addCommand } from "./add-command.js";
import { requireSubsystem } from "./require-subsystem.js";
import { EXIT_CODES, type Terminal } from "./terminal.js";

// Without a network the files alone say enough.
const LEDGER_WAIT_MS = 2_000;

/** `tideline-sync verify`: what the binaries here are, by their bytes. */
export const addVerify = addCommand({
  usage: "verify [subsystem]",
  summary: "Compute the sha256 of every live binary, and say which are not what they should be",
  examples: ["tideline-sync verify", "tideline-sync verify nats --json"],
  isReport: true,
  run: async ({ words: [name], terminal, config: load }) => {
    const config = await load();
    const subsystems =
      name === undefined ? Object.values(config.subsystems) : [requireSubsystem(config, name)];
    const releases = await knownReleases(config, terminal);
    const platform = platformKey(platformHere());
    const binaries: VerifiedBinary[] = [];
    // One after the other: two files at once are no faster on one disk.
    for (const subsystem of subsystems) {
      const own = releases.filter((one) => one.subsystem === subsystem.name);
      binaries.push(await verifyBinary(subsystem, own, platform));
    }
    const isOk = binaries.every(isAsItShould);
    return {
      exitCode: isOk ? EXIT_CODES.done : EXIT_CODES.failed,
      text: binaries.flatMap(describe).join("\n"),
      json: { ok: isOk, platform, binaries },
    };
  },
});

/** Manifests of the ledger's targets and of the last verified ones; those that are not signed are left out. */
async function knownReleases(
  config: SyncConfig,
  { env, log, signal }: Terminal,
): Promise<ReleaseManifest[]> {
  const trust = await TrustStore.open(config.state);
  const options = { config, env, trust, fetch, now: Date.now, log, signal, isReadOnly: true };
  const { openLocalLedger } = await import("../ledger/local-ledger.js");
  const kept = await openLocalLedger({ ...options, host: null, reports: null });
  const targets = [...(kept.targets() ?? []), ...(await ledgerTargets(options))];
  return targets
    .flatMap(({ settled, rollout }) => [settled, rollout])
    .flatMap((part) => {
      if (part === null) return [];
      try {
        return [readSigned(part.release, config.trust)];
      } catch (error) {
        log(`Release ${part.seq} of the ledger is left out: ${(error as Error).message}`);
        return [];
      }
    });
}

async function ledgerTargets(options: Parameters<typeof openLedger>[0]) {
  const { config, log, signal } = options;
  if (config.ledger === null) return [];
  try {
    const { ledger } = await openLedger(options);
    try {
      if (ledger.kind === "local") return ledger.targets() ?? [];
      const targets = await firstTargets(ledger, LEDGER_WAIT_MS, signal);
      if (targets === null) log("The ledger does not answer; its targets are not compared");
      return targets ?? [];
    } finally {
      await ledger.close();
    }
  } catch (error) {
    signal.throwIfAborted();
    log(`The ledger's targets are not compared: ${(error as Error).message}`);
    return [];
  }
}

function describe(binary: VerifiedBinary): string[] {
  const { subsystem, state, version, seq, detail, nextStep } = binary;
  const release = seq === null ? "" : ` (release ${seq})`;
  const lines = [`${subsystem}: ${state}${version === null ? "" : `, ${version}${release}`}`];
  if (detail !== null) lines.push(`  ${detail}`);
  if (nextStep !== null) lines.push(`  ${nextStep}`);
  return lines;
}
