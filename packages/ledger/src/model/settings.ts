/** What the ledger reads from the deployment's variables. The only file that looks at them. */
import { ledgerError } from "./ledger-error.js";
import { show } from "./show.js";

const GITHUB_ISSUER = "https://token.actions.githubusercontent.com";

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

/** The text of TIDELINE_GITHUB_TRUST, or undefined while no workflow run is trusted. */
export function githubTrustSetting(): string | undefined {
  return process.env.TIDELINE_GITHUB_TRUST?.trim() || undefined;
}

/**
 * Who signs the tokens of workflow runs (TIDELINE_GITHUB_ISSUER), without a slash at its end.
 *
 * @default GitHub's own; GitHub Enterprise Server has `https://HOST/_services/token`.
 */
export function githubIssuer(): string {
  const setting = process.env.TIDELINE_GITHUB_ISSUER?.trim() || GITHUB_ISSUER;
  const url = parseUrl(setting);
  // Keys that came over an open wire could be anybody's.
  const isSafe =
    url?.protocol === "https:" ||
    (url?.protocol === "http:" && ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname));
  if (url !== null && isSafe && url.username + url.password + url.search + url.hash === "") {
    return setting.replace(/\/+$/, "");
  }
  throw ledgerError(
    "INVALID_SETTING",
    `Cannot read TIDELINE_GITHUB_ISSUER: expected an https URL without query or credentials, got ${show(setting)}`,
  );
}

/**
 * For whom a token must be made out (TIDELINE_OIDC_AUDIENCE).
 *
 * @default CONVEX_SITE_URL, which every deployment has: no other deployment's token is good here.
 */
export function oidcAudience(): string {
  const audience =
    process.env.TIDELINE_OIDC_AUDIENCE?.trim() || process.env.CONVEX_SITE_URL?.trim();
  if (audience) return audience;
  throw ledgerError(
    "INVALID_SETTING",
    "Cannot read TIDELINE_OIDC_AUDIENCE: expected it or CONVEX_SITE_URL to be set, got neither",
  );
}

/**
 * How long the fleet's reports are collected before they are counted together, in ms
 * (TIDELINE_FLEET_COUNT_MS). Longer costs fewer runs and shows and halts later.
 *
 * @default 2 s
 */
export function fleetCountMs(): number {
  return wholeNumber("TIDELINE_FLEET_COUNT_MS", process.env.TIDELINE_FLEET_COUNT_MS, 2_000);
}

/** True if reading the history takes the record token (TIDELINE_PRIVATE_HISTORY). */
export function isHistoryPrivate(): boolean {
  return isOn(process.env.TIDELINE_PRIVATE_HISTORY);
}

/** True if what everybody may read names no commit (TIDELINE_PRIVATE_COMMITS). */
export function areCommitsPrivate(): boolean {
  return isOn(process.env.TIDELINE_PRIVATE_COMMITS);
}

/** Settings that hold the fleet's tokens. */
export type FleetTokenName =
  /** Publishes, approves, pauses and resumes. */
  | "TIDELINE_FLEET_TOKEN"
  /** Reads targets and hints; every machine has it. */
  | "TIDELINE_FLEET_READ_TOKEN"
  /** Reads the view, which names every machine and says how it fares. */
  | "TIDELINE_FLEET_VIEW_TOKEN"
  /** Lets a machine join. */
  | "TIDELINE_FLEET_ENROL_TOKEN";

/** The text of one of the fleet's token settings, or undefined while it is not set. */
export function fleetTokenSetting(name: FleetTokenName): string | undefined {
  return process.env[name]?.trim() || undefined;
}

/** The text of TIDELINE_WEBHOOK_SECRETS, or undefined while no webhook is taken. */
export function webhookSecretsSetting(): string | undefined {
  return process.env.TIDELINE_WEBHOOK_SECRETS?.trim() || undefined;
}

/** The text of TIDELINE_ROLLOUT_POLICY, or undefined for the default policy. */
export function rolloutPolicySetting(): string | undefined {
  return process.env.TIDELINE_ROLLOUT_POLICY?.trim() || undefined;
}

function parseUrl(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    // The caller says what was expected instead.
    return null;
  }
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
