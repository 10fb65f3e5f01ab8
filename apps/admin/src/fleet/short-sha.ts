/** As many digits of a sha256 as tell the binaries of one fleet apart. */
export function shortSha(sha256: string): string {
  return sha256.slice(0, 10);
}
