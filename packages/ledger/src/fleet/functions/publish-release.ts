import {
  type FleetAnswer,
  parseKeyset,
  parseReleaseManifest,
  parseSignedRelease,
  type ReleaseManifest,
  type SignedRelease,
} from "@tideline/version/fleet";
import { v } from "convex/values";
import { ledgerError } from "../../model/ledger-error.js";
import { mutation } from "../fleet-data-model.js";
import { signedReleaseValidator } from "../fleet-tables.js";
import { authorizeOperator, requireOperator } from "../model/authorize-fleet.js";
import { checkChannel } from "../model/check-fleet-arguments.js";
import { publishRelease as publish } from "../model/publish-release.js";
import { fleetAnswer } from "./fleet-validators.js";

const DOING = "publish release";

/**
 * Publishes a release into a channel. It begins with the canaries, or waits for approval if the
 * step is a major one. Safe to retry: the same bytes have the same answer.
 *
 * The ledger keeps no keys and vouches for nothing: that the signatures are good is what every
 * machine sees for itself.
 *
 * @returns A `FleetAnswer`; a refusal leaves an audit row.
 * @throws {ConvexError} FLEET_NOT_CONFIGURED, UNAUTHENTICATED, INVALID_ARGUMENT, INVALID_SETTING.
 */
export const publishRelease = mutation({
  args: { token: v.string(), channel: v.string(), release: signedReleaseValidator },
  returns: fleetAnswer,
  handler: async (ctx, { token, channel, release }): Promise<FleetAnswer> => {
    requireOperator(DOING, token);
    checkChannel(DOING, channel);
    const { signed, manifest } = parse(release);
    const actor = authorizeOperator(DOING, token, { channel, subsystem: manifest.subsystem });
    return await publish(ctx, { channel, release: signed, manifest, actor });
  },
});

function parse(release: unknown): { signed: SignedRelease; manifest: ReleaseManifest } {
  try {
    const signed = parseSignedRelease(release);
    // A release for trying things out is signed by nobody, and has no keyset.
    if (signed.keyset !== "") parseKeyset(signed.keyset);
    return { signed, manifest: parseReleaseManifest(signed.manifest) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw ledgerError("INVALID_ARGUMENT", `Cannot ${DOING}: ${why}`);
  }
}
