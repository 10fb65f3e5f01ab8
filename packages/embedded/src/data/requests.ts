/**
 * The answers given to clients' mutations, by session and request: a client that lost its
 * connection asks again, and must not be served twice. Kept for two weeks, as upstream.
 */
import type { MutationResult, Timestamp } from "../contract.js";
import type { Connection } from "./sqlite-file.js";

export interface RequestKey {
  readonly sessionId: string;
  readonly requestId: number;
}

const KEPT_NS = 14n * 24n * 3600n * 1_000_000_000n;

export class Requests {
  readonly #find;
  readonly #insert;
  readonly #prune;

  constructor(writer: Connection) {
    this.#find = writer
      .prepare("SELECT ts, value, log_lines FROM requests WHERE session_id = ? AND request_id = ?")
      .raw()
      .safeIntegers();
    this.#insert = writer.prepare(
      "INSERT INTO requests (ts, session_id, request_id, value, log_lines) VALUES (?, ?, ?, ?, ?)",
    );
    this.#prune = writer.prepare("DELETE FROM requests WHERE ts < ?");
  }

  find({ sessionId, requestId }: RequestKey): (MutationResult & { ts: Timestamp }) | null {
    const row = this.#find.get([sessionId, requestId]) as [bigint, string, string] | undefined;
    if (row === undefined) return null;
    const [ts, value, logLines] = row;
    return { ts, value, logLines: JSON.parse(logLines) as string[] };
  }

  insert({ sessionId, requestId }: RequestKey, ts: Timestamp, result: MutationResult): void {
    const logLines = JSON.stringify(result.logLines);
    this.#insert.run([ts, sessionId, requestId, result.value, logLines]);
  }

  /** Forgets what is older than two weeks. */
  prune(now: Timestamp): void {
    this.#prune.run([now - KEPT_NS]);
  }
}
