/**
 * Reads an attribute of the script tag. One that cannot be used is warned of, and its default counts.
 *
 * @param name What comes after `data-`.
 * @param fallback What an absent attribute is read as.
 * @param parse Throws if it cannot read the text.
 */
export function readAttribute<T>(
  data: DOMStringMap,
  name: string,
  fallback: string,
  parse: (text: string) => T,
): T {
  try {
    return parse(data[name] ?? fallback);
  } catch {
    console.warn(`Cannot use data-${name}: expected a value like ${fallback}, got "${data[name]}"`);
    return parse(fallback);
  }
}
