/** Reads what only the machine itself can have said, and only once. */
import {
  type MachineAnswer,
  SIGNATURE_VALUE,
  type SignedCall,
  signedCallText,
} from "@tideline/version/fleet";
import { ledgerError } from "../../model/ledger-error.js";
import { utf8 } from "../../model/utf8.js";
import type { FleetMutationCtx, FleetRow } from "../fleet-data-model.js";
import { refuseArgument } from "./check-fleet-arguments.js";
import { verifyEd25519 } from "./verify-ed25519.js";

const DAY_MS = 24 * 60 * 60_000;
// A machine in order has some four calls an update and one a day; one that runs wild has thousands.
const MAX_CALLS_A_DAY = 500;

/** The machine that called, or the answer that it gets without more. */
export type OpenedCall =
  | { readonly machine: FleetRow<"machines">; readonly answer: null }
  | { readonly machine: null; readonly answer: MachineAnswer };

/**
 * Checks who called and that the call is new, and writes down that it was taken.
 *
 * @throws {ConvexError} UNAUTHENTICATED if the machine is unknown or the signature is not its own,
 *   in one text for both; INVALID_ARGUMENT.
 */
export async function openCall(
  ctx: FleetMutationCtx,
  doing: string,
  call: SignedCall,
): Promise<OpenedCall> {
  const { counter, signature } = call;
  if (!Number.isSafeInteger(counter) || counter < 1) {
    return refuseArgument(doing, "counter as a whole number from 1", counter);
  }
  const machine = await authenticate(ctx, call);
  if (machine === null) {
    throw ledgerError(
      "UNAUTHENTICATED",
      `Cannot ${doing}: the machine is not enrolled, or the signature is not its own`,
    );
  }
  const now = Date.now();
  const before = await ctx.db
    .query("presence")
    .withIndex("by_machine", (q) => q.eq("machineId", machine._id))
    .unique();
  const isNewDay = before === null || now - before.dayAt >= DAY_MS;
  const fields = {
    ...{ counter, signature, lastSeenAt: now },
    ...(isNewDay ? { dayAt: now, calls: 1 } : { dayAt: before.dayAt, calls: before.calls + 1 }),
  };
  if (before === null) {
    await ctx.db.insert("presence", { machineId: machine._id, ...fields });
    return { machine, answer: null };
  }
  // Ed25519 gives one signature for one text, so that this is the very same call.
  if (counter === before.counter && signature === before.signature) {
    return { machine: null, answer: { ok: true } };
  }
  if (counter <= before.counter) {
    const message = `Cannot ${doing}: expected a counter above ${before.counter}, got ${counter}`;
    return refused("COUNTER_TOO_LOW", message, before.counter);
  }
  if (fields.calls > MAX_CALLS_A_DAY) {
    const message = `Cannot ${doing}: the machine has called ${MAX_CALLS_A_DAY} times within a day`;
    return refused("TOO_MANY_REPORTS", message, before.counter);
  }
  await ctx.db.patch(before._id, fields);
  return { machine, answer: null };
}

function refused(
  code: "COUNTER_TOO_LOW" | "TOO_MANY_REPORTS",
  message: string,
  counter: number,
): OpenedCall {
  return { machine: null, answer: { ok: false, code, message, counter } };
}

async function authenticate(
  ctx: FleetMutationCtx,
  call: SignedCall,
): Promise<FleetRow<"machines"> | null> {
  const id = ctx.db.normalizeId("machines", call.machineId);
  const machine = id === null ? null : await ctx.db.get(id);
  if (machine === null || !SIGNATURE_VALUE.test(call.signature)) return null;
  // In the id's one spelling: it is part of what is signed.
  const text = utf8(signedCallText({ ...call, machineId: machine._id }));
  return (await verifyEd25519(machine.publicKey, call.signature, text)) ? machine : null;
}
