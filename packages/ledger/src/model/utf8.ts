// Both Convex's runtime and every Node have it; the types of neither are among ours.
declare const TextEncoder: new () => { encode(text: string): Uint8Array };

/** Gives a text's UTF-8 bytes. */
export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
