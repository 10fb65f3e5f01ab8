import type { ObjectType } from "convex/values";
import { abortArguments } from "../functions/abort-deployment.js";
import { announceArguments } from "../functions/announce-deployment.js";
import { recordArguments } from "../functions/record-deployment.js";
import { ledgerError } from "../model/ledger-error.js";
import { show } from "../model/show.js";
import { checkFields } from "./check-fields.js";
import { HttpError } from "./http-error.js";
import { readText } from "./read-text.js";

/** What a request asks for. */
export type Change =
  | ({ readonly action: "begin" } & ObjectType<typeof announceArguments>)
  | ({ readonly action: "finish" } & ObjectType<typeof recordArguments>)
  | ({ readonly action: "abort" } & ObjectType<typeof abortArguments>);

// The longest notes and names take a sixth of it.
const MAX_BYTES = 64 * 1024;

const ACTIONS = {
  begin: { doing: "announce deployment", fields: announceArguments },
  finish: { doing: "record deployment", fields: recordArguments },
  abort: { doing: "abort deployment", fields: abortArguments },
} as const;

/**
 * Reads what a request asks for out of its body.
 *
 * @throws {HttpError} 415 if it is not JSON by its content type, 413 above 64 KiB.
 * @throws {ConvexError} INVALID_ARGUMENT
 */
export async function readChange(request: Request): Promise<Change> {
  const type = request.headers.get("content-type");
  if (!/^application\/json\s*(;|$)/i.test(type ?? "")) {
    throw new HttpError(
      415,
      "UNSUPPORTED_MEDIA_TYPE",
      `Cannot read the body: expected content type "application/json", got ${show(type ?? undefined)}`,
    );
  }
  const body = parseObject(await readBody(request));
  const action = Object.hasOwn(body, "action") ? body.action : undefined;
  if (typeof action !== "string" || !Object.hasOwn(ACTIONS, action)) {
    return fail('action "begin", "finish" or "abort"', action);
  }
  const { doing, fields } = ACTIONS[action as keyof typeof ACTIONS];
  const { action: _, ...args } = body;
  checkFields(doing, fields, args);
  return body as Change;
}

async function readBody(request: Request): Promise<string> {
  let text: string | null;
  try {
    text = await readText(request, MAX_BYTES);
  } catch {
    // The only error of reading that is the caller's; one who left gets no answer anyway.
    return fail("JSON in UTF-8", "other bytes");
  }
  if (text !== null) return text;
  throw new HttpError(
    413,
    "BODY_TOO_LARGE",
    `Cannot read the body: expected at most ${MAX_BYTES} bytes, got more`,
  );
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own sentence would quote the body, which may hold what was pasted there.
    return fail("a JSON object", "text that is no JSON");
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  return fail("a JSON object", value);
}

function fail(expected: string, got: unknown): never {
  throw ledgerError(
    "INVALID_ARGUMENT",
    `Cannot change a deployment: expected ${expected}, got ${show(got)}`,
  );
}
