import type { KeyInterval } from "../values/index-key.js";
import { type Documents, parseDocument } from "./documents.js";
import type { EncodedDocument } from "./embedded-database.js";
import type { QueryPlan } from "./query-plan.js";
import { RowStream } from "./row-stream.js";
import type { StoredDocument } from "./store.js";

/** One row taken, and the document if it passed the operators. */
export interface Step {
  readonly row: StoredDocument;
  readonly document: EncodedDocument | null;
}

/** A query being run: rows of an index through filters and limits. */
export class QueryStream {
  readonly #rows: RowStream;
  readonly #operators: QueryPlan["operators"];
  /** How many documents each operator still lets through; Infinity for filters. */
  readonly #remaining: number[];

  /** @param interval The part of the plan's interval to read. @default All of it */
  constructor(documents: Documents, plan: QueryPlan, interval: KeyInterval = plan.interval) {
    const [first] = plan.operators;
    const expected = first?.kind === "limit" ? first.limit : null;
    this.#rows = new RowStream(documents, plan.index, interval, plan.order, expected);
    this.#operators = plan.operators;
    this.#remaining = plan.operators.map((operator) =>
      operator.kind === "limit" ? operator.limit : Number.POSITIVE_INFINITY,
    );
  }

  /** The next document, or null at the end. */
  next(): EncodedDocument | null {
    for (;;) {
      const step = this.step();
      if (step === null) return null;
      if (step.document !== null) return step.document;
    }
  }

  /** The size of the row that `step` would take, in bytes; 0 at the end. */
  nextSize(): number {
    return this.#isLimitReached ? 0 : (this.#rows.peek()?.size ?? 0);
  }

  /** Takes one row; null at the end. A limit that is reached ends the query without a read. */
  step(): Step | null {
    if (this.#isLimitReached) return null;
    const row = this.#rows.next();
    if (row === null) return null;
    const document = parseDocument(row);
    for (const [position, operator] of this.#operators.entries()) {
      if (operator.kind === "limit")
        this.#remaining[position] = (this.#remaining[position] ?? 0) - 1;
      else if (!operator.passes(document)) return { row, document: null };
    }
    return { row, document };
  }

  get #isLimitReached(): boolean {
    return this.#remaining.some((count) => count <= 0);
  }
}
