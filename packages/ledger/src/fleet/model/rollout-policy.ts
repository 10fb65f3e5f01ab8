import {
  checkRolloutPolicy,
  DEFAULT_ROLLOUT_POLICY,
  type RolloutPolicy,
} from "@tideline/version/fleet";
import { ledgerError } from "../../model/ledger-error.js";
import { rolloutPolicySetting } from "../../model/settings.js";
import type { FleetRow } from "../fleet-data-model.js";

/** A policy as rows hold it. */
type StoredPolicy = FleetRow<"rollouts">["policy"];

/**
 * Gives the policy for new rollouts: TIDELINE_ROLLOUT_POLICY, a whole `RolloutPolicy` as JSON.
 *
 * @default DEFAULT_ROLLOUT_POLICY: canaries, 10 %, 50 %, everybody.
 * @throws {ConvexError} INVALID_SETTING
 */
export function rolloutPolicy(): StoredPolicy {
  const setting = rolloutPolicySetting();
  if (setting === undefined) return stored(DEFAULT_ROLLOUT_POLICY);
  try {
    return stored(checkRolloutPolicy(JSON.parse(setting) as RolloutPolicy));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw ledgerError(
      "INVALID_SETTING",
      `Cannot read TIDELINE_ROLLOUT_POLICY: expected a rollout policy as JSON (${why})`,
    );
  }
}

/** Its own fields and no other, for the row's validator. */
function stored({ rings, criticalBake, outcomeWithinMs }: RolloutPolicy): StoredPolicy {
  return {
    criticalBake,
    outcomeWithinMs,
    rings: rings.map((ring) => ({
      name: String(ring.name),
      share: ring.share,
      atLeast: ring.atLeast,
      minSuccess: ring.minSuccess,
      minResponders: { share: ring.minResponders.share, floor: ring.minResponders.floor },
      maxFailures: { share: ring.maxFailures.share, floor: ring.maxFailures.floor },
      bakeMs: ring.bakeMs,
    })),
  };
}
