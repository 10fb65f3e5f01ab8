import { PLATFORM, PUBLIC_KEY } from "@tideline/version/fleet";
import { v } from "convex/values";
import { mutation } from "../fleet-data-model.js";
import { authorizeEnrolment } from "../model/authorize-fleet.js";
import { checkChannel, checkText, refuseArgument } from "../model/check-fleet-arguments.js";
import { enrolMachine as enrol, requireOwnSignature } from "../model/enrol-machine.js";

const DOING = "enrol machine";

/**
 * Takes a machine into the fleet by its public key, of which it shows that it has the private
 * half. The same key again is the same machine.
 *
 * @throws {ConvexError} FLEET_NOT_CONFIGURED, UNAUTHENTICATED, INVALID_ARGUMENT.
 */
export const enrolMachine = mutation({
  args: {
    enrolToken: v.string(),
    publicKey: v.string(),
    name: v.string(),
    channel: v.string(),
    platform: v.string(),
    signedAt: v.number(),
    signature: v.string(),
  },
  returns: v.object({ machineId: v.string(), enrolledAt: v.number() }),
  handler: async (ctx, { enrolToken, signature, ...enrolment }) => {
    authorizeEnrolment(DOING, enrolToken);
    const { publicKey, name, channel, platform } = enrolment;
    if (!PUBLIC_KEY.test(publicKey)) {
      refuseArgument(DOING, "publicKey as 32 bytes in base64", publicKey);
    }
    checkText(DOING, "name", name, 100);
    checkChannel(DOING, channel);
    if (!PLATFORM.test(platform)) {
      refuseArgument(DOING, 'platform such as "linux-x64-glibc"', platform);
    }
    await requireOwnSignature(DOING, enrolment, signature);
    return await enrol(ctx, DOING, enrolment);
  },
});
