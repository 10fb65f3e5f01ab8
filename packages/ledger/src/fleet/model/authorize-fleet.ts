import { ledgerError } from "../../model/ledger-error.js";
import type { FleetTokenName } from "../../model/settings.js";
import { fleetTokenSetting } from "../../model/settings.js";
import type { TokenEntry } from "../../model/token-entries.js";
import { findEntry, parseTokenEntries } from "../../model/token-entries.js";

const OPERATOR = "TIDELINE_FLEET_TOKEN";

/** What an operator's token has to be good for. Null: for whatever there is. */
export interface FleetScope {
  readonly channel: string | null;
  readonly subsystem: string | null;
}

/**
 * Says who publishes or decides: which entry of TIDELINE_FLEET_TOKEN the token equals. An entry is
 * good for everything, or for one subsystem in one channel (`stable/nats=…`).
 *
 * @returns What is stored as `actor`: `"token"` or `"token:stable/nats"`.
 * @throws {ConvexError} FLEET_NOT_CONFIGURED, UNAUTHENTICATED, INVALID_SETTING.
 */
export function authorizeOperator(
  doing: string,
  token: string,
  { channel, subsystem }: FleetScope,
): string {
  const entry = findEntry(entriesOf(doing, OPERATOR), token, (target) => {
    if (subsystem === null) return false;
    return channel === null
      ? target.endsWith(`/${subsystem}`)
      : target === `${channel}/${subsystem}`;
  });
  if (entry === null) throw unauthenticated(doing, OPERATOR);
  return entry.target === null ? "token" : `token:${entry.target}`;
}

/** Lets through whoever has any entry of TIDELINE_FLEET_TOKEN, before a request is looked at. */
export function requireOperator(doing: string, token: string): void {
  if (findEntry(entriesOf(doing, OPERATOR), token, () => true) === null) {
    throw unauthenticated(doing, OPERATOR);
  }
}

/**
 * Lets through who may read what machines are asked to run: with TIDELINE_FLEET_READ_TOKEN, which
 * every machine has, or as an operator.
 *
 * @throws {ConvexError} FLEET_NOT_CONFIGURED if neither is set, UNAUTHENTICATED, INVALID_SETTING.
 */
export function authorizeReader(doing: string, token: string): void {
  authorizeWith("TIDELINE_FLEET_READ_TOKEN", doing, token);
}

/**
 * Lets through who may read how every machine fares: with TIDELINE_FLEET_VIEW_TOKEN, or as an
 * operator. No machine's own token is good for it: reports quote the logs of services.
 *
 * @throws {ConvexError} As {@link authorizeReader}.
 */
export function authorizeViewer(doing: string, token: string): void {
  authorizeWith("TIDELINE_FLEET_VIEW_TOKEN", doing, token);
}

function authorizeWith(name: FleetTokenName, doing: string, token: string): void {
  const isReader = findEntry(readEntries(name), token, () => true) !== null;
  const isOperator = findEntry(readEntries(OPERATOR), token, () => true) !== null;
  if (isReader || isOperator) return;
  const isSet = fleetTokenSetting(name) !== undefined || fleetTokenSetting(OPERATOR) !== undefined;
  throw isSet ? unauthenticated(doing, name) : notConfigured(doing, name);
}

/**
 * Lets through a machine that wants to join.
 *
 * @throws {ConvexError} FLEET_NOT_CONFIGURED, UNAUTHENTICATED, INVALID_SETTING.
 */
export function authorizeEnrolment(doing: string, token: string): void {
  const name = "TIDELINE_FLEET_ENROL_TOKEN";
  if (findEntry(entriesOf(doing, name), token, () => false) === null) {
    throw unauthenticated(doing, name);
  }
}

function entriesOf(doing: string, name: FleetTokenName): TokenEntry[] {
  if (fleetTokenSetting(name) === undefined) throw notConfigured(doing, name);
  return readEntries(name);
}

function readEntries(name: FleetTokenName): TokenEntry[] {
  return parseTokenEntries(name, fleetTokenSetting(name) ?? "");
}

function notConfigured(doing: string, name: FleetTokenName) {
  return ledgerError(
    "FLEET_NOT_CONFIGURED",
    `Cannot ${doing}: ${name} is not set on the Convex deployment; ` +
      `set it to a random text of at least 16 characters (npx convex env set ${name} …)`,
  );
}

function unauthenticated(doing: string, name: FleetTokenName) {
  return ledgerError(
    "UNAUTHENTICATED",
    `Cannot ${doing}: the token is not one of those in ${name} that are good for it`,
  );
}
