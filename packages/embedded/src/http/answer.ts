import type { ServerResponse } from "node:http";
import type { ActionOutcome, EncodedValue } from "../contract.js";
import { toCleanJson } from "./clean-json.js";
import { discardRest } from "./discard-rest.js";
import { HttpError } from "./http-error.js";

/** How a caller wants values: with Convex's types, or as plain JSON. */
export type ValueFormat = "encoded" | "clean";

/**
 * Reads a request's `format`.
 *
 * @throws {HttpError} 400 for a format that does not exist.
 */
export function parseFormat(format: unknown): ValueFormat {
  switch (format) {
    case "convex_encoded_json":
    case "convex_json":
      return "encoded";
    case undefined:
    case null:
    case "json":
    case "convex_clean_json":
    case "export_json":
      return "clean";
    default:
      throw new HttpError(400, "BadFormat", `Unknown format ${JSON.stringify(format)}`);
  }
}

/** The JSON of a function's outcome. A failure of the function is an answer too, with status 200. */
export function outcomeJson(outcome: ActionOutcome, format: ValueFormat): string {
  const logLines =
    outcome.logLines.length === 0 ? "" : `,"logLines":${JSON.stringify(outcome.logLines)}`;
  if (outcome.ok)
    return `{"status":"success","value":${inFormat(outcome.value, format)}${logLines}}`;
  const data =
    outcome.errorData === undefined
      ? ""
      : `,"errorData":${inFormat(JSON.stringify(outcome.errorData), format)}`;
  const message = JSON.stringify(outcome.errorMessage);
  return `{"status":"error","errorMessage":${message}${data}${logLines}}`;
}

function inFormat(json: string, format: ValueFormat): string {
  if (format === "encoded") return json;
  return JSON.stringify(toCleanJson(JSON.parse(json) as EncodedValue));
}

/** Sends JSON text. */
export function sendJson(response: ServerResponse, status: number, json: string): void {
  const body = Buffer.from(json);
  response
    .writeHead(status, { "Content-Type": "application/json", "Content-Length": body.length })
    .end(body);
}

/** Sends plain text. */
export function sendText(response: ServerResponse, status: number, text: string): void {
  const body = Buffer.from(text);
  response
    .writeHead(status, {
      "Content-Type": "text/plain; charset=utf-8",
      "Content-Length": body.length,
    })
    .end(body);
}

/** Sends what a request failed with; what is not a `HttpError` is not told to the caller. */
export function sendError(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const known =
    error instanceof HttpError
      ? error
      : new HttpError(
          500,
          "InternalServerError",
          "Your request couldn't be completed. Try again later.",
        );
  const { status, code, message } = known;
  sendJson(response, status, JSON.stringify({ code, message }));
  discardRest(response.req);
}
