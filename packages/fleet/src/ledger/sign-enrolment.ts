import { type KeyObject, sign } from "node:crypto";
import { type Enrolment, enrolmentText } from "@tideline/version/fleet";
import { rawPublicKey } from "./machine-file.js";

/**
 * Signs what a machine says of itself when it joins: the proof that it has the key.
 *
 * @param signedAt ms since epoch.
 */
export function signEnrolment(
  privateKey: KeyObject,
  about: Pick<Enrolment, "name" | "channel" | "platform">,
  signedAt: number,
): Enrolment & { readonly signature: string } {
  const { name, channel, platform } = about;
  const enrolment = { publicKey: rawPublicKey(privateKey), name, channel, platform, signedAt };
  // Ed25519 hashes by itself (RFC 8032), so no digest is named.
  const signature = sign(null, Buffer.from(enrolmentText(enrolment)), privateKey);
  return { ...enrolment, signature: signature.toString("base64") };
}
