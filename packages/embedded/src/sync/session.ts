/**
 * One client's connection: the queries it asked for, the versions it holds, and its calls, which it
 * gets answered in the order of the protocol. Does not run queries (see subscriptions.ts), and does
 * not decide when to write (see sync-server.ts, which flushes many sessions at once).
 */
import type { WebSocket } from "ws";
import type { Calls } from "../calls.js";
import type { ActionOutcome, Identity, MutationOutcome, Timestamp } from "../contract.js";
import type { AdminKey } from "../http/admin-key.js";
import { textFrame } from "./frame.js";
import type { Outlet } from "./outlet.js";
import {
  type AuthenticateMessage,
  type CallMessage,
  type ClientMessage,
  parseClientMessage,
} from "./parse-client-message.js";
import { ProtocolError } from "./protocol-error.js";
import type { QuerySlot, Subscriptions } from "./subscriptions.js";
import { encodeTimestamp } from "./timestamp.js";
import type { Modification, TransitionFrames } from "./transition-frames.js";
import type { SyncVersion, VersionTable } from "./version.js";

/** What all sessions share. */
export interface SessionContext {
  readonly calls: Calls;
  readonly subscriptions: Subscriptions<Session>;
  readonly versions: VersionTable;
  readonly adminKey: AdminKey;
  /** The session has something to write; it is flushed soon. */
  readonly onDirty: (session: Session) => void;
  /** A call ended that the shutdown waits for. */
  readonly onCallEnd: () => void;
  /** A client has seen a newer moment than this server's data. */
  readonly onFutureClient: () => void;
  readonly onSystemError: (what: string, error: unknown) => void;
}

// Above that a client is not read from until its calls have been run, and neither while a megabyte of
// answers waits for it, so that its memory here stays bounded however much it sends; the official
// client waits for answers long before.
const MAX_QUEUED_MUTATIONS = 64;
// As many as are worth one flush; more would let one client fill every batch of the database.
const MAX_RUNNING_MUTATIONS = 32;
const MAX_RUNNING_ACTIONS = 1_000;

const NO_ONE: Identity = { kind: "none" };
const NO_AUTH_PROVIDER =
  "No auth provider found matching the given token (no providers configured). Check convex/auth.config.ts.";

interface QueuedMutation {
  readonly message: CallMessage;
  /** Who the client was when it asked. */
  readonly identity: Identity;
}

export class Session {
  readonly #context: SessionContext;
  readonly #webSocket: WebSocket;
  readonly #outlet: Outlet;
  readonly #acceptsChunks: boolean;
  /** null until Connect. */
  #sessionId: string | null = null;
  #isClosed = false;
  #identity: Identity = NO_ONE;
  /** The newest versions that the client named; `#told` follows with the next Transition. */
  #askedQuerySet = 0;
  #askedIdentity = 0;
  #told: SyncVersion;
  readonly #slots = new Map<number, QuerySlot<Session>>();
  #removedQueries: number[] = [];
  /** True when the client waits for a Transition even if no query changed. */
  #owesTransition = false;
  #answers: Buffer[] = [];
  #mutations: QueuedMutation[] = [];
  #runningMutations = 0;
  #runningActions = 0;
  #isPaused = false;

  constructor(
    context: SessionContext,
    webSocket: WebSocket,
    outlet: (onRelief: () => void) => Outlet,
    acceptsChunks: boolean,
  ) {
    this.#context = context;
    this.#webSocket = webSocket;
    this.#outlet = outlet(() => this.#onRelief());
    this.#acceptsChunks = acceptsChunks;
    this.#told = context.versions.initial;
  }

  /** True while the client is not read from, so its silence says nothing. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** True while a call of the client is running. */
  get isBusy(): boolean {
    return this.#runningMutations > 0 || this.#runningActions > 0;
  }

  /** Takes one frame of the client. */
  receive(text: string | null): void {
    if (this.#isClosed) return;
    try {
      if (text === null) {
        throw new ProtocolError("WSMessageBinary", "Received a binary message on websocket");
      }
      this.#handle(parseClientMessage(text));
    } catch (error) {
      if (error instanceof ProtocolError) this.#failFatally(error);
      else this.fail(error);
    }
  }

  /**
   * Writes what the client waits for: the answers to its calls, then one Transition with every
   * change, all of the moment `ts`.
   *
   * @returns False while a query of it has not caught up with `ts`; flush again when one has.
   */
  flush(frames: TransitionFrames, ts: Timestamp): boolean {
    if (this.#isClosed) return true;
    const change = this.#findChange();
    const transition = change === "unsettled" ? null : this.#nextTransition(change, frames, ts);
    if (this.#answers.length > 0 || transition !== null) {
      this.#outlet.write(this.#answers, transition);
      if (this.#answers.length > 0) this.#answers = [];
    }
    return change !== "unsettled";
  }

  /** Ends the connection because of a fault of ours; the client comes back and asks again. */
  fail(error: unknown): void {
    this.#context.onSystemError("Connection closed", error);
    this.close(1011, "InternalServerError");
  }

  /** Ends the connection. Calls that run go on; their answers wait for the client to come back. */
  close(code?: number, reason?: string): void {
    if (this.#isClosed) return;
    this.end();
    if (code === undefined) this.#webSocket.close();
    else this.#webSocket.close(code, reason);
    this.#webSocket.resume();
  }

  /** Forgets the client; called once the socket is gone, too. */
  end(): void {
    this.#isClosed = true;
    for (const slot of this.#slots.values()) this.#context.subscriptions.unwatch(slot);
    this.#slots.clear();
    this.#mutations = [];
    this.#answers = [];
  }

  #handle(message: ClientMessage): void {
    if (message.type === "Connect") {
      this.#connect(message.sessionId, message.maxObservedTimestamp);
      return;
    }
    if (this.#sessionId === null) {
      throw new ProtocolError("ExpectedConnect", `Expected Connect first, got ${message.type}`);
    }
    switch (message.type) {
      case "ModifyQuerySet":
        this.#modifyQuerySet(message);
        return;
      case "Authenticate":
        this.#authenticate(message);
        return;
      case "Mutation":
        this.#mutations.push({ message, identity: this.#identity });
        this.#startMutations(this.#sessionId);
        this.#pauseIfLoaded();
        return;
      case "Action":
        void this.#runAction(this.#sessionId, message);
        this.#pauseIfLoaded();
        return;
      case "Event":
        return;
      default:
        message satisfies never;
    }
  }

  #connect(sessionId: string, maxObservedTimestamp: Timestamp | null): void {
    if (this.#sessionId !== null) {
      throw new ProtocolError("UnexpectedConnect", "Received Connect twice on one connection");
    }
    this.#sessionId = sessionId;
    if (maxObservedTimestamp !== null && maxObservedTimestamp > this.#context.subscriptions.ts) {
      // Older data than it has seen would look to the client like a write that was taken back.
      this.#context.onFutureClient();
      this.close(1011, "InternalServerError");
    }
  }

  #modifyQuerySet(message: ClientMessage & { readonly type: "ModifyQuerySet" }): void {
    this.#checkBase("query set", message.baseVersion, this.#askedQuerySet);
    if (message.newVersion <= message.baseVersion) {
      throw new ProtocolError(
        "InvalidNewVersion",
        `Cannot modify the query set: version ${message.newVersion} is not above ${message.baseVersion}`,
      );
    }
    this.#askedQuerySet = message.newVersion;
    for (const modification of message.modifications) {
      const { queryId } = modification;
      const slot = this.#slots.get(queryId);
      if (modification.type === "Remove") {
        if (slot === undefined) throw unknownQuery(queryId);
        this.#context.subscriptions.unwatch(slot);
        this.#slots.delete(queryId);
        this.#removedQueries.push(queryId);
      } else {
        if (slot !== undefined) throw repeatedQuery(queryId);
        const { udfPath: path, args, journal } = modification;
        const query = { path, args, journal, identity: this.#identity };
        this.#slots.set(queryId, this.#context.subscriptions.watch(query, this, queryId));
      }
    }
    this.#oweTransition();
  }

  #authenticate(message: AuthenticateMessage): void {
    this.#checkBase("identity", message.baseVersion, this.#askedIdentity);
    const identity = this.#identify(message);
    if (typeof identity === "string") {
      this.#refuseIdentity(identity);
      return;
    }
    this.#askedIdentity = message.baseVersion + 1;
    if (identity !== this.#identity) {
      this.#identity = identity;
      for (const slot of this.#slots.values()) {
        const query = { ...slot.subscription.query, identity };
        this.#context.subscriptions.unwatch(slot);
        const next = this.#context.subscriptions.watch(query, this, slot.queryId);
        next.told = slot.told;
        this.#slots.set(slot.queryId, next);
      }
    }
    this.#oweTransition();
  }

  #identify(message: AuthenticateMessage): Identity | string {
    switch (message.tokenType) {
      case "None":
        return NO_ONE;
      case "User":
        return NO_AUTH_PROVIDER;
      case "Admin": {
        const identity = this.#context.adminKey.identify(message.value);
        if (identity === null) return "The provided admin key was invalid for this instance";
        if (message.actingAs === undefined) return identity;
        return { kind: "admin", actingAs: message.actingAs };
      }
      default:
        return message satisfies never;
    }
  }

  #refuseIdentity(error: string): void {
    const baseVersion = this.#askedIdentity;
    this.#sendLast({ type: "AuthError", error, baseVersion, authUpdateAttempted: true });
    this.close();
  }

  #checkBase(what: string, base: number, expected: number): void {
    if (base === expected) return;
    throw new ProtocolError(
      "BaseVersionMismatch",
      `Base version ${base} of the ${what} passed up does not match the current version ${expected}`,
    );
  }

  /**
   * Hands mutations on in the order of arrival. The database runs them one after the other in that
   * order, so what a client did first happened first; several at once may share a flush to the disk.
   */
  #startMutations(sessionId: string): void {
    while (this.#runningMutations < MAX_RUNNING_MUTATIONS && this.#outlet.canTakeAnswer()) {
      const next = this.#mutations.shift();
      if (next === undefined) return;
      void this.#runMutation(sessionId, next);
    }
  }

  async #runMutation(sessionId: string, { message, identity }: QueuedMutation): Promise<void> {
    const { requestId, udfPath: path, args } = message;
    this.#runningMutations += 1;
    try {
      const call = { path, args, identity };
      const outcome = await this.#context.calls.mutation(call, { sessionId, requestId });
      this.#answer("MutationResponse", requestId, outcome);
    } catch (error) {
      this.fail(error);
    } finally {
      this.#runningMutations -= 1;
      this.#startMutations(sessionId);
      this.#resumeIfRelieved();
      this.#context.onCallEnd();
    }
  }

  async #runAction(sessionId: string, message: CallMessage): Promise<void> {
    const { requestId, udfPath: path, args } = message;
    this.#runningActions += 1;
    try {
      const call = { path, args, identity: this.#identity };
      const outcome = await this.#context.calls.action(call, { sessionId, requestId });
      this.#answer("ActionResponse", requestId, outcome);
    } catch (error) {
      this.fail(error);
    } finally {
      this.#runningActions -= 1;
      this.#resumeIfRelieved();
      this.#context.onCallEnd();
    }
  }

  #answer(
    type: "MutationResponse" | "ActionResponse",
    requestId: number,
    outcome: MutationOutcome | ActionOutcome,
  ): void {
    if (this.#isClosed) return;
    this.#answers.push(textFrame(answerText(type, requestId, outcome)));
    // The client resolves a mutation when a Transition has passed the commit, so it needs one after
    // the answer even if nothing it watches changed.
    if ("ts" in outcome) this.#owesTransition = true;
    this.#context.onDirty(this);
  }

  /** The one query that has news, "several" or "none"; thousands of sessions ask this in a row. */
  #findChange(): QuerySlot<Session> | "none" | "several" | "unsettled" {
    let change: QuerySlot<Session> | "none" | "several" =
      this.#removedQueries.length > 0 ? "several" : "none";
    for (const slot of this.#slots.values()) {
      const { state, result } = slot.subscription;
      if (state !== "settled") return "unsettled";
      if (result !== slot.told) change = change === "none" ? slot : "several";
    }
    return change;
  }

  #nextTransition(
    change: QuerySlot<Session> | "none" | "several",
    frames: TransitionFrames,
    ts: Timestamp,
  ): Buffer | null {
    if (change === "none" && !this.#owesTransition) return null;
    // A slow reader skips moments: what it has not taken yet is told by the next one.
    if (!this.#outlet.canTakeTransition()) return null;
    const start = this.#told;
    const end = this.#context.versions.get(this.#askedQuerySet, this.#askedIdentity, ts);
    this.#told = end;
    this.#owesTransition = false;
    if (typeof change !== "string") {
      const { result } = change.subscription;
      change.told = result;
      return frames.getOne(start, end, change.queryId, result, this.#acceptsChunks);
    }
    const modifications = change === "none" ? [] : this.#takeChanges();
    return frames.get(start, end, modifications, this.#acceptsChunks);
  }

  #takeChanges(): Modification[] {
    const modifications: Modification[] = [];
    for (const queryId of this.#removedQueries) modifications.push({ queryId, result: null });
    this.#removedQueries = [];
    for (const slot of this.#slots.values()) {
      const { result } = slot.subscription;
      if (result === slot.told) continue;
      modifications.push({ queryId: slot.queryId, result });
      slot.told = result;
    }
    return modifications;
  }

  #oweTransition(): void {
    this.#owesTransition = true;
    this.#context.onDirty(this);
  }

  #onRelief(): void {
    if (this.#isClosed) return;
    this.#context.onDirty(this);
    if (this.#sessionId !== null) this.#startMutations(this.#sessionId);
    this.#resumeIfRelieved();
  }

  #pauseIfLoaded(): void {
    if (this.#isPaused || this.#isClosed) return;
    if (
      this.#mutations.length < MAX_QUEUED_MUTATIONS &&
      this.#runningActions < MAX_RUNNING_ACTIONS &&
      this.#outlet.canTakeAnswer()
    )
      return;
    this.#isPaused = true;
    this.#webSocket.pause();
  }

  #resumeIfRelieved(): void {
    if (!this.#isPaused || this.#isClosed) return;
    if (
      this.#mutations.length > MAX_QUEUED_MUTATIONS / 2 ||
      this.#runningActions >= MAX_RUNNING_ACTIONS ||
      !this.#outlet.canTakeAnswer()
    )
      return;
    this.#isPaused = false;
    this.#webSocket.resume();
  }

  #failFatally(error: ProtocolError): void {
    this.#sendLast({ type: "FatalError", error: `${error.code}: ${error.message}` });
    this.close();
  }

  #sendLast(message: { readonly type: string; readonly [field: string]: unknown }): void {
    this.#outlet.write([...this.#answers, textFrame(JSON.stringify(message))], null);
    this.#answers = [];
  }
}

function answerText(
  type: "MutationResponse" | "ActionResponse",
  requestId: number,
  outcome: MutationOutcome | ActionOutcome,
): string {
  const head = `{"type":"${type}","requestId":${requestId},"success":${outcome.ok}`;
  const logLines = JSON.stringify(outcome.logLines);
  if (outcome.ok) {
    const ts = "ts" in outcome ? `,"ts":"${encodeTimestamp(outcome.ts)}"` : "";
    return `${head},"result":${outcome.value}${ts},"logLines":${logLines}}`;
  }
  const ts = type === "MutationResponse" ? `,"ts":null` : "";
  const data =
    outcome.errorData === undefined ? "" : `,"errorData":${JSON.stringify(outcome.errorData)}`;
  return `${head},"result":${JSON.stringify(outcome.errorMessage)}${ts},"logLines":${logLines}${data}}`;
}

function unknownQuery(queryId: number): ProtocolError {
  return new ProtocolError("QueryNotFound", `Cannot remove query ${queryId}: it was not added`);
}

function repeatedQuery(queryId: number): ProtocolError {
  return new ProtocolError("QueryRepeated", `Cannot add query ${queryId}: it was added before`);
}
