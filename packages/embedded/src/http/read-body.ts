import type { IncomingMessage } from "node:http";
import { HttpError } from "./http-error.js";

/**
 * Reads a request's whole body as JSON.
 *
 * @param maxBytes More than that is refused before it has been read.
 * @throws {HttpError} 400 if it is not a JSON object, 413 if it is too large, 408 if the client left.
 */
export async function readJsonObject(
  request: IncomingMessage,
  maxBytes: number,
): Promise<{ readonly [field: string]: unknown }> {
  const text = (await readBody(request, maxBytes)).toString("utf8");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new HttpError(400, "BadJsonBody", `Cannot read the body as JSON: ${cause}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new HttpError(400, "BadJsonBody", "Cannot read the body: expected a JSON object");
  }
  return { ...value };
}

async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const tooLarge = () =>
    new HttpError(413, "RequestTooLarge", `Cannot read the body: it is above ${maxBytes} bytes`);
  if (Number(request.headers["content-length"] ?? 0) > maxBytes) throw tooLarge();
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    // Leaving the loop must not close the connection that the refusal is to be sent on.
    const body: AsyncIterable<Buffer> = request.iterator({ destroyOnReturn: false });
    for await (const chunk of body) {
      length += chunk.length;
      if (length > maxBytes) throw tooLarge();
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof HttpError) throw error;
    throw new HttpError(408, "ClientDisconnected", "The client left before its request was whole");
  }
  return Buffer.concat(chunks);
}
