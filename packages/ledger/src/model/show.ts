/** Gives a value as sentences name it: quoted, and cut off where it is long. */
export function show(value: unknown): string {
  if (typeof value === "string") {
    if (value.length <= 80) return JSON.stringify(value);
    return `${JSON.stringify(value.slice(0, 80))}… (${value.length} characters)`;
  }
  if (value === undefined) return "none";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" && value !== null ? "an object" : String(value);
}
