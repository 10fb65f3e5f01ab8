/**
 * Says whether a signature over some bytes is a key's own (Ed25519, RFC 8032). By WebCrypto, which
 * Convex, browsers and every Node from 20 on have.
 *
 * @param publicKey 32 bytes in base64.
 * @param signature 64 bytes in base64.
 */
export async function verifyEd25519(
  publicKey: string,
  signature: string,
  bytes: Uint8Array,
): Promise<boolean> {
  const algorithm = { name: "Ed25519" };
  const key = await crypto.subtle.importKey("raw", decode(publicKey), algorithm, false, ["verify"]);
  return await crypto.subtle.verify(algorithm, key, decode(signature), new Uint8Array(bytes));
}

function decode(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}
