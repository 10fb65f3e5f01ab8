/** What this machine believes, and whether it still can. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseKeyset } from "@tideline/version/fleet";
import type { SyncConfig } from "../config/sync-config.js";
import { readHeard } from "../ledger/heard-targets.js";
import { readKnownTarget } from "../ledger/local-targets.js";
import { openTrustStore } from "../open-trust-store.js";
import { readKeysetFile } from "../trust/keyset-file.js";
import { type Check, failed, ok, skipped, warning } from "./finding.js";

const DAY_MS = 86_400_000;
// Time enough for the holders of the roots to meet.
const SOON_MS = 30 * DAY_MS;

export const TRUST_CHECKS: readonly Check[] = [
  {
    name: "roots",
    run: async ({ config: { trust } }) => {
      if (trust.roots.length === 0) {
        return failed(
          "No root keys are configured, so that no release is believed",
          "Put the public keys of `tideline-sync keys show` under trust.roots in sync.config.yaml",
        );
      }
      return ok(`${trust.threshold} of ${trust.roots.length} roots must vouch for a keyset`);
    },
  },
  {
    name: "unsigned",
    run: async ({ config: { trust } }) =>
      trust.acceptUnsigned
        ? warning(
            "Releases that nobody has signed are installed here",
            "Remove trust.acceptUnsigned from sync.config.yaml",
          )
        : ok("Only signed releases are installed"),
  },
  {
    name: "keyset",
    run: async ({ config, now }) => {
      const keysets = await keysetsOf(config);
      const [newest] = keysets.map(parseKeyset).sort((a, b) => b.version - a.version);
      if (newest === undefined) return skipped("No keyset was seen here yet");
      const day = new Date(newest.expiresAt).toISOString().slice(0, 10);
      const left = newest.expiresAt - now();
      const fix =
        "Let the roots sign the keys anew: `tideline-sync keys sign-keyset` with a higher --version, and publish with it";
      if (left <= 0) return failed(`Keyset ${newest.version} expired on ${day}`, fix);
      if (left < SOON_MS) return warning(`Keyset ${newest.version} expires on ${day}`, fix);
      return ok(`Keyset ${newest.version} is good until ${day}`);
    },
  },
  {
    name: "trust-store",
    run: async ({ config }) => {
      const isThere = ["trust-1.json", "trust-2.json"].some((name) =>
        existsSync(join(config.state, name)),
      );
      if (!isThere) return skipped("Nothing was verified here yet");
      const { damage } = await openTrustStore(config);
      if (damage.length === 0) return ok("Both copies of what was verified are whole");
      return warning(
        `A copy of what was verified is damaged: ${damage.join("; ")}`,
        "Nothing to do if it happens once: the next release writes it anew. Else look at the disk",
      );
    },
  },
];

/** Texts of the keysets that this machine has seen: of its releases, of the ledger's, of a publisher. */
async function keysetsOf(config: SyncConfig): Promise<string[]> {
  const { state, ledger, machine } = config;
  const names = Object.keys(config.subsystems);
  const known = await Promise.all(names.map((name) => readKnownTarget(state, name)));
  const { channel } = machine;
  const heard = ledger === null ? null : await readHeard(state, { url: ledger.url, channel });
  const named = heard?.targets.flatMap(({ settled, rollout }) => [settled, rollout]) ?? [];
  const file = join(config.folder, "keyset.json");
  const own = existsSync(file) ? [(await readKeysetFile(file)).keyset] : [];
  const texts = [...known, ...named].flatMap((part) => part?.release.keyset ?? []);
  return [...texts, ...own].filter((text) => text !== "");
}
