/**
 * What the three parts of the server hand to each other: the database (data/), the function
 * runtime (runtime/) and the network (sync/, http/). Types only.
 *
 *   sync/, http/  --FunctionRequest-->  runtime/  --syscalls on a Transaction-->  data/
 *                 <--outcomes--------             <--documents, read sets--------
 *   data/  --Commit-->  sync/ (which subscriptions must run again)
 */

/** A value in Convex's JSON encoding (`convexToJson`): int64 as `{"$integer": …}` and so on. */
export type EncodedValue =
  | null
  | boolean
  | number
  | string
  | EncodedValue[]
  | { [field: string]: EncodedValue };

/** ns since epoch; strictly increasing over commits and restarts. */
export type Timestamp = bigint;

/** Who calls. `attributes` is the object that `ctx.auth.getUserIdentity()` answers with. */
export type Identity =
  | { readonly kind: "none" }
  | { readonly kind: "admin"; readonly actingAs?: { readonly [claim: string]: EncodedValue } }
  | { readonly kind: "user"; readonly attributes: { readonly [claim: string]: EncodedValue } };

// ---------------------------------------------------------------- data

/** One document's change in a commit; its old and new index keys decide whom it wakes. */
export interface CommittedWrite {
  readonly tableName: string;
  /** Encoded document before and after; null where there was or is none. */
  readonly before: { readonly [field: string]: EncodedValue } | null;
  readonly after: { readonly [field: string]: EncodedValue } | null;
}

/** One mutation's durable effect. */
export interface Commit {
  readonly ts: Timestamp;
  readonly writes: readonly CommittedWrite[];
}

/** Which index ranges a function looked at. */
export interface ReadSet {
  /** True if a write's old or new key falls into one of the ranges. Filters do not narrow it. */
  isTouchedBy(commit: Commit): boolean;
  /** The tables it looked at, so that a subscription can be found by table. */
  readonly tableNames: ReadonlySet<string>;
}

/** One function's view of the database. Every call is synchronous, so it answers in this macrotask. */
export interface Transaction {
  readonly kind: "query" | "mutation";
  readonly snapshotTs: Timestamp;
  readonly readSet: ReadSet;
  /**
   * Answers a database syscall: `1.0/get`, `1.0/insert`, `1.0/shallowMerge`, `1.0/replace`,
   * `1.0/remove`, `1.0/queryStream`, `1.0/queryStreamNext`, `1.0/queryCleanup`, `1.0/queryPage`,
   * `1.0/count`, `1.0/db/normalizeId`, `1.0/getSnapshotTs`, `1.0/getTransactionMetrics`.
   * Undefined for a name that is not the database's.
   *
   * @throws {SyscallError} With the upstream text; the function may catch it.
   */
  syscall(name: string, args: { readonly [name: string]: EncodedValue }): EncodedValue | undefined;
  /** The page that `queryPage` ended at, for the client to hand back on a rerun; null without one. */
  readonly journal: string | null;
  /** Starts a nested mutation's part; `rollback` undoes its writes alone. */
  savepoint(): { release(): void; rollback(): void };
  /** True once a commit has happened since a query began: what it read may be of two moments. */
  isOvertaken(): boolean;
  /** Ends a query's transaction. A mutation's is ended by `Database.mutate`. */
  close(): void;
}

/** What `mutate` stores with the writes, so that a repeat of the request gets the same answer. */
export interface MutationResult {
  /** JSON text of the encoded value. */
  readonly value: string;
  readonly logLines: readonly string[];
}

export interface SchemaProblem {
  readonly message: string;
  readonly tableName: string;
}

/** The documents, their indexes and the deployment's variables, in one SQLite file. */
export interface Database {
  readonly latestTs: Timestamp;
  /** A view of the latest durable commit; with `journal` from an earlier run of the same query. */
  beginQuery(options?: { readonly journal?: string | null }): Transaction;
  /**
   * Runs one mutation after all earlier ones. Resolves when its writes are on disk (several may
   * share one flush); if `run` rejects, nothing is written and the rejection is passed on.
   *
   * @param options.session Given, a repeat of the pair answers with the stored result and commit
   *   ts and does not run.
   */
  mutate(
    options: { readonly session?: { readonly sessionId: string; readonly requestId: number } },
    run: (transaction: Transaction) => Promise<MutationResult>,
  ): Promise<MutationResult & { readonly ts: Timestamp; readonly isRepeat: boolean }>;
  /** Called once for every durable commit, in order, before the `mutate` of it resolves. */
  onCommit(listener: (commit: Commit) => void): () => void;
  /**
   * Takes what `schema.export()` gives (parsed), or null for no schema: checks every row, then
   * builds and drops indexes. All or nothing.
   *
   * @returns The first row that does not fit, or null when the schema is active.
   */
  setSchema(schema: unknown): SchemaProblem | null;
  /** User tables that exist, by name. */
  tableNames(): string[];
  /** Variables of the deployment, as `npx convex env` shows them. */
  environmentVariables(): ReadonlyMap<string, string>;
  /** Sets (string) or removes (null) variables in one transaction. */
  setEnvironmentVariables(changes: ReadonlyMap<string, string | null>): void;
  onEnvironmentChange(listener: () => void): () => void;
  close(): Promise<void>;
}

// ------------------------------------------------------------- runtime

/** A call of a function, from whichever door it came in. */
export interface FunctionRequest {
  /** `module:function` or `module.js:function`. */
  readonly path: string;
  /** An object, or an array with one object. */
  readonly args: EncodedValue;
  readonly identity: Identity;
  /** 16 hex digits. */
  readonly requestId: string;
  /** True lets internal functions be called; the admin door sets it. */
  readonly allowInternal?: boolean;
  readonly client?: { readonly ip?: string; readonly userAgent?: string };
}

/** What a function said besides its value. */
interface OutcomeBase {
  readonly logLines: readonly string[];
}

export type FunctionFailure = OutcomeBase & {
  readonly ok: false;
  /** The whole text that a client gets, `[Request ID: …] Server Error` and so on. */
  readonly errorMessage: string;
  /** Encoded data of a ConvexError. */
  readonly errorData?: EncodedValue;
};

export type FunctionSuccess = OutcomeBase & {
  readonly ok: true;
  /** JSON text of the encoded value, ready to be put into a frame. */
  readonly value: string;
};

export type QueryOutcome = (FunctionSuccess | FunctionFailure) & {
  readonly readSet: ReadSet;
  readonly journal: string | null;
  /** The commit that it saw. */
  readonly ts: Timestamp;
  /** True if it asked who calls; otherwise callers of any identity may share it. */
  readonly usedIdentity: boolean;
  /** True if it read the clock or a random number; not to be kept for long. */
  readonly usedClock: boolean;
};

export type MutationOutcome = (FunctionSuccess & { readonly ts: Timestamp }) | FunctionFailure;

export type ActionOutcome = FunctionSuccess | FunctionFailure;

export type FunctionType = "Query" | "Mutation" | "Action" | "HttpAction";

export interface FunctionSpec {
  /** `module.js:function`. */
  readonly identifier: string;
  readonly functionType: FunctionType;
  readonly visibility: "public" | "internal";
  /** Validator JSON, null for none. */
  readonly args: unknown;
  readonly returns: unknown;
}

/** The loaded `convex/` folder. */
export interface Runtime {
  runQuery(
    request: FunctionRequest,
    options?: { readonly journal?: string | null },
  ): Promise<QueryOutcome>;
  /** Mutations take effect in the order in which they were asked for. */
  runMutation(
    request: FunctionRequest,
    options?: { readonly session?: { readonly sessionId: string; readonly requestId: number } },
  ): Promise<MutationOutcome>;
  runAction(request: FunctionRequest): Promise<ActionOutcome>;
  /** Runs whatever type the function has (the CLI's `run`). */
  runAny(request: FunctionRequest): Promise<ActionOutcome>;
  /** Routes a request through `http.ts`. Never rejects: an uncaught error is a 500. */
  runHttpAction(request: Request, identity: Identity): Promise<Response>;
  functionSpecs(): readonly FunctionSpec[];
  /** Bundles and loads the folder anew, then swaps code, schema and indexes in one step. */
  reload(): Promise<void>;
  /** After a swap; every subscription has to run again. */
  onReload(listener: () => void): () => void;
  /** Stops the scheduler and waits for what runs, up to 10 s; an action that goes on is cut off. */
  close(): Promise<void>;
}

// -------------------------------------------------------------- server

export interface ServerOptions {
  /** The `convex/` folder. */
  readonly dir: string;
  /** The folder of the SQLite file; made if it is not there. */
  readonly data: string;
  /** 0 takes a free one. @default 3210 */
  readonly port?: number;
  /** HTTP actions; 0 takes a free one. @default 3211 */
  readonly sitePort?: number;
  /** @default "127.0.0.1" */
  readonly host?: string;
  /** @default A new random one, kept in the data folder. */
  readonly adminKey?: string;
  /** Reload the folder when a file in it changes. @default false */
  readonly watch?: boolean;
  /** Variables for the functions' `process.env`, laid under those set by `npx convex env`. */
  readonly env?: { readonly [name: string]: string };
  /** Every call and connection. @default false */
  readonly verbose?: boolean;
  /** Where lines go. @default process.stdout and process.stderr */
  readonly log?: (line: string) => void;
}

export interface RunningServer {
  readonly url: string;
  readonly siteUrl: string;
  readonly adminKey: string;
  /** Finishes what runs, closes sockets with 1001, and the database last. */
  close(): Promise<void>;
}
