/** Says whether a text fits a pattern, in which `*` stands for any characters but a slash. */
export function fitsPattern(text: string, pattern: string): boolean {
  const parts = pattern.split(/\*+/).map((part) => part.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"));
  return new RegExp(`^${parts.join("[^/]*")}$`, "u").test(text);
}
