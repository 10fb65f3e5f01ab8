import { SyncError } from "../sync-error.js";

/** A variable that holds one of the fleet's tokens, here and among the deployment's settings. */
export type TokenVariable =
  | "TIDELINE_FLEET_TOKEN"
  | "TIDELINE_FLEET_READ_TOKEN"
  | "TIDELINE_FLEET_VIEW_TOKEN"
  | "TIDELINE_FLEET_ENROL_TOKEN";

/** What was asked of which ledger. */
export interface LedgerQuestion {
  /** The deployment's address. */
  readonly url: string;
  /** For the sentence of an error: "enrol", "approve". */
  readonly doing: string;
  /** The function. */
  readonly name: string;
  /** Where the token came from that was shown; absent: the ledger's own words are used. */
  readonly token?: TokenVariable | undefined;
}

/**
 * Makes one sentence of what one of Convex's clients has thrown: nobody is helped by the stack trace
 * of a server.
 *
 * @returns `TOKEN_REFUSED`, `LEDGER_REFUSED` if it has answered anything else, or
 *   `LEDGER_UNREACHABLE`.
 */
export function asLedgerError(
  cause: unknown,
  { url, doing, name, token }: LedgerQuestion,
): SyncError {
  if (cause instanceof SyncError) return cause;
  const { data } = cause as { data?: { code?: unknown; message?: unknown } };
  if (data?.code === "UNAUTHENTICATED" && token !== undefined) {
    const message = `Cannot ${doing}: expected ${token} to be a token that the ledger at ${url} takes, got another`;
    return new SyncError("TOKEN_REFUSED", message, { cause });
  }
  if (typeof data?.code === "string") {
    return new SyncError("LEDGER_REFUSED", String(data.message), { cause });
  }
  const { message, cause: inner } = cause instanceof Error ? cause : new Error(String(cause));
  if (message.includes("Could not find public function")) {
    return new SyncError(
      "LEDGER_REFUSED",
      `Cannot ${doing}: expected "${name}" at ${url}, got no such function; deploy the convex folder first`,
      { cause },
    );
  }
  // Node's fetch says only that it failed; why is in its cause.
  const why = inner instanceof Error && inner.message !== "" ? inner.message : message;
  const [line = ""] = why.trim().split(/\s*\n/);
  // A function that has thrown says so; anything else never got as far.
  const isAnswered = message.includes("Server Error");
  const reason = isAnswered ? "LEDGER_REFUSED" : "LEDGER_UNREACHABLE";
  return new SyncError(reason, `Cannot ${doing} at ${url}: ${line}`, { cause });
}
