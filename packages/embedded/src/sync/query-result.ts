import type { QueryOutcome } from "../contract.js";

/**
 * A query's answer, kept as the text that goes into a Transition. An answer that says the same as
 * the one before it stays the same object, so "has this client been told" is a comparison of two
 * references.
 */
export interface QueryResult {
  /** Short name, unique in this process; part of the key of a prepared frame. */
  readonly id: number;
  readonly type: "QueryUpdated" | "QueryFailed";
  /** The modification's JSON after `queryId`, from its comma on. */
  readonly tail: string;
}

let lastId = 0;

/** Takes an outcome, or gives `previous` back if the outcome says nothing else. */
export function toQueryResult(outcome: QueryOutcome, previous: QueryResult | null): QueryResult {
  const type = outcome.ok ? "QueryUpdated" : "QueryFailed";
  const tail = outcome.ok ? successTail(outcome.value, outcome) : failureTail(outcome);
  if (previous !== null && previous.type === type && sameTail(previous, tail)) return previous;
  lastId += 1;
  return { id: lastId, type, tail };
}

function successTail(value: string, outcome: QueryOutcome): string {
  return `,"value":${value},${commonTail(outcome)}`;
}

function failureTail(outcome: QueryOutcome & { readonly ok: false }): string {
  const data =
    outcome.errorData === undefined ? "" : `"errorData":${JSON.stringify(outcome.errorData)},`;
  return `,"errorMessage":${JSON.stringify(outcome.errorMessage)},${data}${commonTail(outcome)}`;
}

function commonTail(outcome: QueryOutcome): string {
  return `"logLines":${JSON.stringify(outcome.logLines)},"journal":${JSON.stringify(outcome.journal)}}`;
}

/** Every run has another request id, which alone is no reason to tell a client again. */
const REQUEST_ID = /^,"errorMessage":"\[Request ID: [0-9a-f]+\]/;

function sameTail(previous: QueryResult, tail: string): boolean {
  if (previous.tail === tail) return true;
  if (previous.type !== "QueryFailed") return false;
  return previous.tail.replace(REQUEST_ID, "") === tail.replace(REQUEST_ID, "");
}
