import { utf8 } from "./utf8.js";

/**
 * Says whether two secrets are equal, in a time that depends on the length of `given` alone, so
 * that an answer's delay does not tell how many leading characters were right.
 */
export function equalSecrets(given: string, expected: string): boolean {
  const givenBytes = utf8(given);
  const expectedBytes = utf8(expected);
  let difference = givenBytes.length ^ expectedBytes.length;
  for (let i = 0; i < givenBytes.length; i++) {
    difference |= (givenBytes[i] ?? 0) ^ (expectedBytes[i % expectedBytes.length] ?? 0);
  }
  return difference === 0;
}
