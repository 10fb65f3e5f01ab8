import { utf8, webCrypto } from "./web-crypto.js";

/**
 * Gives a machine's place in the rollouts of one version: a number from 0 up to but not including
 * 1, spread evenly over the machines. Another version shuffles them anew, so that the same people
 * are not always first.
 *
 * Node, browsers and Convex give the same number, since it is 48 bits of a sha256.
 *
 * @example
 * (await bucketOf(machineId, "nats", "2.10.25")) < rollout.openTo // may go
 */
export async function bucketOf(
  machineId: string,
  subsystem: string,
  version: string,
): Promise<number> {
  // As JSON, so that no two different triples have the same bytes.
  const digest = await webCrypto().digest(
    "SHA-256",
    utf8(JSON.stringify(["tideline-bucket", machineId, subsystem, version])),
  );
  const bytes = new Uint8Array(digest, 0, 6);
  // 48 bits are exact in a double, so that the quotient never rounds up to 1.
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0) / 2 ** 48;
}
