import type { LedgerErrorCode } from "@tideline/version";
import { HttpError } from "./http-error.js";

const STATUS: Readonly<Record<LedgerErrorCode, number>> = {
  INVALID_ARGUMENT: 400,
  IDEMPOTENCY_KEY_REUSED: 400,
  UNAUTHENTICATED: 401,
  NOT_TRUSTED: 403,
  RECORDING_NOT_CONFIGURED: 403,
  FLEET_NOT_CONFIGURED: 403,
  PRIVATE_HISTORY: 403,
  INVALID_SETTING: 500,
  ISSUER_UNAVAILABLE: 503,
};

/** Gives an error as a response with `{code, message}`; throws what is not one of ours. */
export function errorResponse(error: unknown): Response {
  if (error instanceof HttpError) return answer(error.status, error.code, error.message);
  const data: unknown = error instanceof Error && "data" in error ? error.data : null;
  if (isLedgerError(data)) return answer(STATUS[data.code], data.code, data.message);
  throw error;
}

function isLedgerError(data: unknown): data is { code: LedgerErrorCode; message: string } {
  return (
    typeof data === "object" &&
    data !== null &&
    "code" in data &&
    "message" in data &&
    typeof data.code === "string" &&
    typeof data.message === "string" &&
    Object.hasOwn(STATUS, data.code)
  );
}

function answer(status: number, code: string, message: string): Response {
  const headers = new Headers({ "Cache-Control": "no-store" });
  // RFC 9110 11.6.1: a 401 names the scheme.
  if (status === 401) headers.set("WWW-Authenticate", "Bearer");
  if (status === 503) headers.set("Retry-After", "30");
  return Response.json({ code, message }, { status, headers });
}
