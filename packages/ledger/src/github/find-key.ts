/**
 * Finds the key that signed a token: in the table, else at the issuer, whom nobody can make this
 * server ask more than once in 30 s, however many unknown names are sent here.
 */
import type { Row } from "../data-model.js";
import { ledgerError } from "../model/ledger-error.js";
import { show } from "../model/show.js";
import { FETCH_TIMEOUT_MS, type SigningKey } from "./fetch-keys.js";

/** Between two requests for an issuer's keys. */
export const REFETCH_AFTER_MS = 30_000;
// A key that the issuer has withdrawn is good no longer than this,
const FRESH_FOR_MS = 60 * 60_000;
// unless the issuer is away: then for the rest of a day.
const USABLE_FOR_MS = 24 * 60 * 60_000;
const POLL_MS = 50;

/** An issuer's row. */
export type IssuerKeys = Pick<Row<"oidcKeys">, "keys" | "fetchedAt" | "triedAt" | "attempt">;

/** What finding a key needs of the world. */
export interface KeySource {
  readonly issuer: string;
  /** Reads the issuer's row. */
  read(): Promise<IssuerKeys | null>;
  /** True for one caller in 30 s, who then fetches and settles. */
  claimFetch(): Promise<boolean>;
  fetchKeys(): Promise<readonly SigningKey[]>;
  /** Stores what was fetched; null if that failed. */
  settleFetch(keys: readonly SigningKey[] | null): Promise<void>;
  /** ms since epoch. */
  now(): number;
  wait(ms: number): Promise<void>;
}

/**
 * Gives the issuer's key of that name.
 *
 * @throws {ConvexError} UNAUTHENTICATED if the issuer has none, ISSUER_UNAVAILABLE if nobody can say.
 */
export async function findKey(kid: string, source: KeySource): Promise<SigningKey> {
  let row = await source.read();
  const age = () => source.now() - (row?.fetchedAt ?? 0);
  const known = () => {
    const key = row?.keys.find((candidate) => candidate.kid === kid);
    return age() <= USABLE_FOR_MS ? key : undefined;
  };
  const first = known();
  if (first !== undefined && age() <= FRESH_FOR_MS) return first;

  if (mayFetch(row, source.now()) && (await source.claimFetch())) {
    await fetchNow(source);
    row = await source.read();
  } else if (first === undefined) {
    row = await waitForOther(source);
  }
  const key = known();
  if (key !== undefined) return key;
  if (row?.attempt === "done" && age() <= USABLE_FOR_MS) {
    throw ledgerError(
      "UNAUTHENTICATED",
      `Cannot accept the OIDC token: expected the kid of a key of ${source.issuer}, got ${show(kid)}; a key that is newer than ${REFETCH_AFTER_MS / 1000} s may not be known yet`,
    );
  }
  throw ledgerError(
    "ISSUER_UNAVAILABLE",
    `Cannot verify the OIDC token: the keys at ${source.issuer}/.well-known/jwks cannot be fetched; try again in ${REFETCH_AFTER_MS / 1000} s with a fresh token`,
  );
}

/** Says whether the last attempt is long enough ago; claiming decides among those who ask at once. */
export function mayFetch(row: Pick<IssuerKeys, "triedAt"> | null, now: number): boolean {
  // A clock that was put back must not stop the fetching until it has caught up.
  return row === null || now - row.triedAt >= REFETCH_AFTER_MS || now < row.triedAt;
}

async function fetchNow(source: KeySource): Promise<void> {
  let keys: readonly SigningKey[] | null = null;
  try {
    keys = await source.fetchKeys();
  } catch (error) {
    // For the deployment's log; the caller learns that the issuer cannot be asked.
    console.warn(String(error));
  }
  await source.settleFetch(keys);
}

/** The row once whoever fetches now is done, as at the start of several jobs at once. */
async function waitForOther(source: KeySource): Promise<IssuerKeys | null> {
  let row = await source.read();
  while (row?.attempt === "running" && source.now() - row.triedAt < FETCH_TIMEOUT_MS + 1_000) {
    await source.wait(POLL_MS);
    row = await source.read();
  }
  return row;
}
