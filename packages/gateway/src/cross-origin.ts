import type { Answer } from "./answer.js";

type Headers = Readonly<Record<string, string>>;

/**
 * Gives the headers that let pages of the allowed origins read an answer.
 *
 * @param origin What the request says in `Origin`, if anything.
 * @see https://fetch.spec.whatwg.org/#http-cors-protocol
 */
export function crossOriginHeaders(
  allowed: readonly string[],
  origin: string | null | undefined,
): Headers {
  if (allowed.length === 0) return {};
  const isAllowed = origin && (allowed.includes(origin) || allowed.includes("*"));
  return {
    // A cache must not give one origin's answer to another, nor that of none.
    Vary: "Origin",
    ...(isAllowed && {
      "Access-Control-Allow-Origin": origin,
      "Access-Control-Expose-Headers": "ETag, Retry-After",
    }),
  };
}

/** Answers a preflight, and any other OPTIONS request. */
export function preflightAnswer(allowedMethods: string): Answer {
  return {
    status: 204,
    headers: {
      Allow: allowedMethods,
      "Access-Control-Allow-Methods": allowedMethods,
      "Access-Control-Allow-Headers": "Cache-Control, If-None-Match, Last-Event-ID",
      "Access-Control-Max-Age": "86400",
    },
    body: "",
  };
}

/**
 * Reads an origin as a list of allowed ones has it.
 *
 * @throws {SyntaxError} If it is neither `*` nor a scheme, a host and maybe a port.
 */
export function parseOrigin(text: string): string {
  if (text === "*") return text;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && /^https?:$/.test(url.protocol) && `${url.origin}/` === url.href) {
    return url.origin;
  }
  throw new SyntaxError(
    `Cannot read origin: expected one such as https://example.com, got "${text}"`,
  );
}
