/** Turns one text frame from a client into a message that the session may trust. */
import type { EncodedValue, Timestamp } from "../contract.js";
import { ProtocolError } from "./protocol-error.js";
import { decodeTimestamp } from "./timestamp.js";

export interface AddQuery {
  readonly type: "Add";
  readonly queryId: number;
  readonly udfPath: string;
  readonly args: EncodedValue;
  readonly journal: string | null;
}

export interface RemoveQuery {
  readonly type: "Remove";
  readonly queryId: number;
}

export interface CallMessage {
  readonly type: "Mutation" | "Action";
  readonly requestId: number;
  readonly udfPath: string;
  readonly args: EncodedValue;
}

export type AuthenticateMessage = {
  readonly type: "Authenticate";
  readonly baseVersion: number;
} & (
  | { readonly tokenType: "None" }
  | { readonly tokenType: "User"; readonly value: string }
  | {
      readonly tokenType: "Admin";
      readonly value: string;
      readonly actingAs?: { readonly [claim: string]: EncodedValue };
    }
);

export type ClientMessage =
  | {
      readonly type: "Connect";
      readonly sessionId: string;
      readonly maxObservedTimestamp: Timestamp | null;
    }
  | {
      readonly type: "ModifyQuerySet";
      readonly baseVersion: number;
      readonly newVersion: number;
      readonly modifications: readonly (AddQuery | RemoveQuery)[];
    }
  | CallMessage
  | AuthenticateMessage
  | { readonly type: "Event" };

/**
 * Reads one frame of the client.
 *
 * @throws {ProtocolError} If it is not JSON, or not a message of the protocol. Fields that the
 *   protocol does not know are ignored, so a newer client may send more.
 */
export function parseClientMessage(text: string): ClientMessage {
  const message = parseObject(text);
  switch (message.type) {
    case "Connect":
      return parseConnect(message);
    case "ModifyQuerySet":
      return {
        type: "ModifyQuerySet",
        baseVersion: count(message, "baseVersion"),
        newVersion: count(message, "newVersion"),
        modifications: list(message, "modifications").map(parseModification),
      };
    case "Mutation":
    case "Action":
      refuseComponent(message);
      return {
        type: message.type,
        requestId: count(message, "requestId"),
        udfPath: string(message, "udfPath"),
        args: list(message, "args") as EncodedValue,
      };
    case "Authenticate":
      return parseAuthenticate(message);
    case "Event":
      return { type: "Event" };
    default:
      throw invalid(`unknown message type ${JSON.stringify(message.type)}`);
  }
}

type Fields = { readonly [field: string]: unknown };

function parseObject(text: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ProtocolError(
      "WSMessageInvalidJson",
      `Received Invalid JSON on websocket: ${error instanceof Error ? error.message : error}`,
    );
  }
  if (!isObject(value)) throw invalid(`expected an object, got ${describe(value)}`);
  return value;
}

function parseConnect(message: Fields): ClientMessage {
  const sessionId = string(message, "sessionId");
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(sessionId)) {
    throw invalid(`field "sessionId" must be a UUID, got ${JSON.stringify(sessionId)}`);
  }
  const observed = message.maxObservedTimestamp ?? null;
  if (observed === null) return { type: "Connect", sessionId, maxObservedTimestamp: null };
  const maxObservedTimestamp = typeof observed === "string" ? decodeTimestamp(observed) : null;
  if (maxObservedTimestamp === null) {
    throw invalid(`field "maxObservedTimestamp" must be 8 bytes in base64`);
  }
  return { type: "Connect", sessionId, maxObservedTimestamp };
}

function parseModification(value: unknown): AddQuery | RemoveQuery {
  if (!isObject(value)) throw invalid(`expected a modification, got ${describe(value)}`);
  const queryId = count(value, "queryId");
  if (value.type === "Remove") return { type: "Remove", queryId };
  if (value.type !== "Add") {
    throw invalid(`unknown modification type ${JSON.stringify(value.type)}`);
  }
  refuseComponent(value);
  const journal = value.journal ?? null;
  if (journal !== null && typeof journal !== "string") {
    throw invalid(`field "journal" must be a string or null, got ${describe(journal)}`);
  }
  return {
    type: "Add",
    queryId,
    udfPath: string(value, "udfPath"),
    args: list(value, "args") as EncodedValue,
    journal,
  };
}

function parseAuthenticate(message: Fields): ClientMessage {
  const baseVersion = count(message, "baseVersion");
  switch (message.tokenType) {
    case "None":
      return { type: "Authenticate", tokenType: "None", baseVersion };
    case "User":
      return {
        type: "Authenticate",
        tokenType: "User",
        baseVersion,
        value: string(message, "value"),
      };
    case "Admin": {
      const actingAs = message.impersonating ?? message.acting_as ?? null;
      const value = string(message, "value");
      if (actingAs === null)
        return { type: "Authenticate", tokenType: "Admin", baseVersion, value };
      if (!isObject(actingAs)) throw invalid(`field "impersonating" must be an object`);
      return {
        type: "Authenticate",
        tokenType: "Admin",
        baseVersion,
        value,
        actingAs: actingAs as { readonly [claim: string]: EncodedValue },
      };
    }
    default:
      throw invalid(`unknown token type ${JSON.stringify(message.tokenType)}`);
  }
}

/** The root component is named by an empty path, or by none. */
function refuseComponent(message: Fields): void {
  const path = message.componentPath ?? "";
  if (path !== "") throw invalid(`components are not supported by the embedded server yet`);
}

function count(message: Fields, field: string): number {
  const value = message[field];
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw invalid(`field "${field}" must be a whole number, got ${describe(value)}`);
}

function string(message: Fields, field: string): string {
  const value = message[field];
  if (typeof value === "string") return value;
  throw invalid(`field "${field}" must be a string, got ${describe(value)}`);
}

function list(message: Fields, field: string): readonly unknown[] {
  const value = message[field];
  if (Array.isArray(value)) return value;
  throw invalid(`field "${field}" must be an array, got ${describe(value)}`);
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : `a ${typeof value}`;
}

function invalid(what: string): ProtocolError {
  return new ProtocolError("WSMessageInvalid", `Received an invalid message: ${what}`);
}
