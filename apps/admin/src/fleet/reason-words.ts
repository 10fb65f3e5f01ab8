import { REASONS, type ReasonCode } from "@tideline/version/fleet";

/**
 * Says a reason code in words: "Not ready" for NOT_READY. A newer machine may give one that this
 * page has not heard of, and it is said as well.
 */
export function reasonWords(code: string): string {
  const words = code.toLowerCase().replaceAll("_", " ");
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}

/** What to do about it, with the subsystem's name in place of NAME; null for a code unknown here. */
export function nextStepOf(code: string, subsystem: string): string | null {
  if (!Object.hasOwn(REASONS, code)) return null;
  return REASONS[code as ReasonCode].replaceAll("NAME", subsystem);
}
