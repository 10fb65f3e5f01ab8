import type { EncodedValue } from "../contract.js";
import { keyOfValue } from "./index-key.js";

/**
 * Orders two encoded values, or missing fields (undefined), as Convex does: by type, then by
 * content. Negative, zero or positive.
 */
export function compareEncoded(
  left: EncodedValue | undefined,
  right: EncodedValue | undefined,
): number {
  if (left === right) return 0;
  if (typeof left === "number" && typeof right === "number") return left - right;
  const leftKey = keyOfValue(left);
  const rightKey = keyOfValue(right);
  if (leftKey === rightKey) return 0;
  return leftKey < rightKey ? -1 : 1;
}
