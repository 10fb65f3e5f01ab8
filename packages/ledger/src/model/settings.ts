/** What the ledger reads from the deployment's variables. The only file that looks at them. */
import { ledgerError } from "./ledger-error.js";

// Convex gives functions `process.env` and nothing else of Node.
declare const process: { readonly env: Readonly<Record<string, string | undefined>> };

/** The text of TIDELINE_RECORD_TOKEN, or undefined while nobody may record. */
export function recordTokenSetting(): string | undefined {
  return process.env.TIDELINE_RECORD_TOKEN?.trim() || undefined;
}

/**
 * How many records of a target the history keeps (TIDELINE_HISTORY_LIMIT).
 *
 * @default 500
 */
export function historyLimit(): number {
  return wholeNumber("TIDELINE_HISTORY_LIMIT", process.env.TIDELINE_HISTORY_LIMIT, 500);
}

/**
 * How long an announced build stays pending, in ms (TIDELINE_PENDING_TTL_MS).
 *
 * @default 30 minutes: longer than nearly every deploy, short enough for a crashed one.
 */
export function pendingTtlMs(): number {
  return wholeNumber("TIDELINE_PENDING_TTL_MS", process.env.TIDELINE_PENDING_TTL_MS, 30 * 60_000);
}

/** True if reading the history takes the record token (TIDELINE_PRIVATE_HISTORY). */
export function isHistoryPrivate(): boolean {
  return isOn(process.env.TIDELINE_PRIVATE_HISTORY);
}

/** True if what everybody may read names no commit (TIDELINE_PRIVATE_COMMITS). */
export function areCommitsPrivate(): boolean {
  return isOn(process.env.TIDELINE_PRIVATE_COMMITS);
}

function isOn(setting: string | undefined): boolean {
  return !["", "0", "false", "no"].includes(setting?.trim().toLowerCase() ?? "");
}

function wholeNumber(name: string, setting: string | undefined, fallback: number): number {
  if (setting === undefined || setting.trim() === "") return fallback;
  const value = Number(setting);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw ledgerError(
    "INVALID_SETTING",
    `Cannot read ${name}: expected a whole number of at least 1, got "${setting.slice(0, 60)}"`,
  );
}
