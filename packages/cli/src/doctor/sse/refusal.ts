import type { Page } from "./read-page.js";
import { shown } from "./shown.js";

/** The `{code, message}` with which a gateway refuses. */
export interface Refusal {
  readonly code: string;
  /** Both, for a line in the terminal. */
  readonly said: string;
}

/** Reads a refusal; null if it is something else, as a proxy's own page. */
export function refusalOf(body: string): Refusal | null {
  try {
    const { code, message } = JSON.parse(body) as Record<string, unknown>;
    if (typeof code !== "string" || typeof message !== "string") return null;
    return { code, said: shown(`${code}: ${message}`) };
  } catch {
    return null;
  }
}

/** What mends a target that is not named, or is none of the gateway's; null for other refusals. */
export function targetFix(refusal: Refusal | null, page: Page | null): string | null {
  if (refusal === null) return null;
  const isMissing = refusal.code === "INVALID_ARGUMENT" && /\bappName\b/.test(refusal.said);
  if (!isMissing && refusal.code !== "UNKNOWN_TARGET") return null;
  const what = isMissing ? "the gateway serves several targets" : "the gateway serves others";
  if (page !== null && page.gateway !== null) {
    return `${what}: name one of them in the page's script tag, data-app="web" data-environment="production"`;
  }
  return `${what}: name one of them in the address, ?appName=web&environment=production`;
}
