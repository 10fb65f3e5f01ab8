import type { Duplex } from "node:stream";

// A client that reads slowly holds at most that many Transitions; the next one says it all.
const MAX_UNSENT_TRANSITIONS = 2;
// Answers to its own calls cannot be merged, so above that much a client's calls have to wait.
const MAX_UNSENT_BYTES = 1_048_576;
const LARGE_BYTES = 65_536;

/**
 * The way out of one connection: writes prepared frames, and knows how much the client has not
 * taken yet. The frames go to the TCP socket itself; that is what lets thousands of clients share
 * one Buffer, and sound because without compression the WebSocket writes synchronously too.
 */
export class Outlet {
  readonly #socket: Duplex;
  readonly #onRelief: () => void;
  #unsentTransitions = 0;
  #isReliefWanted = false;

  /** @param onRelief Called once the client has taken what kept `canTakeTransition` or `canTakeAnswer` false. */
  constructor(socket: Duplex, onRelief: () => void) {
    this.#socket = socket;
    this.#onRelief = onRelief;
  }

  /** False while two Transitions wait; `onRelief` follows. */
  canTakeTransition(): boolean {
    if (this.#unsentTransitions < MAX_UNSENT_TRANSITIONS) return true;
    this.#isReliefWanted = true;
    return false;
  }

  /** False while a megabyte waits; `onRelief` follows. */
  canTakeAnswer(): boolean {
    if (this.#socket.writableLength < MAX_UNSENT_BYTES) return true;
    this.#isReliefWanted = true;
    return false;
  }

  /** Writes frames that must follow each other, as one packet where they fit into one. */
  write(answers: readonly Buffer[], transition: Buffer | null): void {
    const socket = this.#socket;
    if (socket.destroyed || socket.writableEnded) return;
    if (answers.length > 0) {
      const frames = transition === null ? answers : [...answers, transition];
      const bytes = frames.length === 1 ? frames[0] : Buffer.concat(frames);
      if (bytes !== undefined) this.#writeBytes(bytes, transition !== null);
    } else if (transition !== null) {
      this.#writeBytes(transition, true);
    }
  }

  #writeBytes(bytes: Buffer, isTransition: boolean): void {
    const socket = this.#socket;
    if (socket.writableLength === 0) this.#unsentTransitions = 0;
    if (socket.writableLength === 0 && bytes.length < LARGE_BYTES) {
      // Nearly always the kernel takes it at once, and nothing needs to be remembered. Where it does
      // not, whatever is written next brings the call that says so.
      socket.write(bytes);
      if (isTransition && socket.writableLength > 0) this.#unsentTransitions = 1;
      return;
    }
    if (isTransition) this.#unsentTransitions += 1;
    socket.write(bytes, this.#onWritten);
  }

  readonly #onWritten = (): void => {
    if (this.#socket.writableLength > 0) return;
    this.#unsentTransitions = 0;
    if (!this.#isReliefWanted) return;
    this.#isReliefWanted = false;
    this.#onRelief();
  };
}
