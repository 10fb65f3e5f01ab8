import { type KeyObject, sign } from "node:crypto";
import { type MachineMessage, type SignedCall, signedCallText } from "@tideline/version/fleet";

/** Signs what a machine tells the ledger. */
export function signCall(
  { machineId, privateKey }: { readonly machineId: string; readonly privateKey: KeyObject },
  counter: number,
  message: MachineMessage,
): SignedCall {
  const call = { machineId, counter, body: JSON.stringify(message) };
  // Ed25519 hashes by itself (RFC 8032), so no digest is named.
  const signature = sign(null, Buffer.from(signedCallText(call)), privateKey).toString("base64");
  return { ...call, signature };
}
