import { type Enrolment, enrolmentText, SIGNATURE_VALUE } from "@tideline/version/fleet";
import { ledgerError } from "../../model/ledger-error.js";
import { utf8 } from "../../model/utf8.js";
import type { FleetId, FleetMutationCtx } from "../fleet-data-model.js";
import { refuseArgument } from "./check-fleet-arguments.js";
import { joinedAt, leaveRollouts } from "./leave-rollouts.js";
import { verifyEd25519 } from "./verify-ed25519.js";
import { writeAudit } from "./write-audit.js";

// Far above the 100 or so that a machine is believed.
const MAX_INSTALLS = 1_000;

const DAY_MS = 24 * 60 * 60_000;

/**
 * Refuses an enrolment that the key's owner has not signed: a public key is no secret, and whoever
 * has the enrol token as well could move a machine that is not theirs.
 *
 * @throws {ConvexError} UNAUTHENTICATED, INVALID_ARGUMENT.
 */
export async function requireOwnSignature(
  doing: string,
  enrolment: Enrolment,
  signature: string,
): Promise<void> {
  const { publicKey, signedAt } = enrolment;
  // A clock of the far future would keep its machine from ever enrolling again.
  if (!Number.isSafeInteger(signedAt) || Math.abs(signedAt - Date.now()) > DAY_MS) {
    refuseArgument(doing, "signedAt within a day of the ledger's clock", signedAt);
  }
  const text = utf8(enrolmentText(enrolment));
  const isOwn =
    SIGNATURE_VALUE.test(signature) && (await verifyEd25519(publicKey, signature, text));
  if (isOwn) return;
  throw ledgerError("UNAUTHENTICATED", `Cannot ${doing}: the signature is not the key's own`);
}

/**
 * Takes a machine into the fleet. The same key again is the same machine: it keeps its id, and has
 * the name, channel and platform of the newest enrolment.
 *
 * @returns Its id, and since when it is in its channel: by that it knows for itself which rollouts
 *   began before it came, as they are counted here.
 */
export async function enrolMachine(
  ctx: FleetMutationCtx,
  doing: string,
  enrolment: Enrolment,
): Promise<{ readonly machineId: FleetId<"machines">; readonly enrolledAt: number }> {
  const { publicKey, name, channel, signedAt } = enrolment;
  const known = await ctx.db
    .query("machines")
    .withIndex("by_key", (q) => q.eq("publicKey", publicKey))
    .unique();
  if (known !== null) {
    const { signedAt: newest = 0 } = known;
    if (signedAt < newest) refuseArgument(doing, `signedAt of ${newest} or later`, signedAt);
    const isMoved = known.channel !== channel;
    if (isMoved) await leaveRollouts(ctx, known);
    const moved = isMoved ? { movedAt: Date.now() } : {};
    await ctx.db.patch(known._id, { ...enrolment, ...moved });
    if (isMoved) await moveInstalls(ctx, known._id, channel);
    return { machineId: known._id, enrolledAt: joinedAt({ ...known, ...moved }) };
  }
  const enrolledAt = Date.now();
  const machineId = await ctx.db.insert("machines", { ...enrolment, enrolledAt });
  await writeAudit(ctx, { actor: `machine:${machineId}`, action: "enrol", channel, note: name });
  return { machineId, enrolledAt };
}

async function moveInstalls(
  ctx: FleetMutationCtx,
  machineId: FleetId<"machines">,
  channel: string,
): Promise<void> {
  const installs = await ctx.db
    .query("installs")
    .withIndex("by_machine", (q) => q.eq("machineId", machineId))
    .take(MAX_INSTALLS);
  for (const { _id } of installs) await ctx.db.patch(_id, { channel });
}
