/** A finished answer to a request, whatever carries it. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

/** What a refusal is called. */
export type RefusalCode =
  | "DRAINING"
  | "INVALID_ARGUMENT"
  | "METHOD_NOT_ALLOWED"
  | "NOT_FOUND"
  | "TOO_MANY_CONNECTIONS"
  | "UNAVAILABLE"
  | "UNKNOWN_TARGET";

const STATUS: Readonly<Record<RefusalCode, number>> = {
  INVALID_ARGUMENT: 400,
  NOT_FOUND: 404,
  UNKNOWN_TARGET: 404,
  METHOD_NOT_ALLOWED: 405,
  DRAINING: 503,
  TOO_MANY_CONNECTIONS: 503,
  UNAVAILABLE: 503,
};

/** Gives an answer with a JSON body. */
export function jsonAnswer(
  status: number,
  value: unknown,
  headers: Answer["headers"] = {},
): Answer {
  return textAnswer(status, "application/json", JSON.stringify(value), headers);
}

/** Gives an answer that no cache keeps without asking. */
export function textAnswer(
  status: number,
  type: string,
  body: string,
  headers: Answer["headers"] = {},
): Answer {
  return {
    status,
    headers: {
      "Content-Type": `${type}; charset=utf-8`,
      "Cache-Control": "no-cache",
      ...headers,
    },
    body,
  };
}

/** Gives the answer of a refusal, `{code, message}`. */
export function refuse(
  code: RefusalCode,
  message: string,
  headers: Answer["headers"] = {},
): Answer {
  // What is refused now may be there in a moment.
  const always = { ...headers, "Cache-Control": "no-store" };
  return jsonAnswer(STATUS[code], { code, message }, always);
}
