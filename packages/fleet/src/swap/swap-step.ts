/**
 * The moments of a swap after which the disk has changed, in order. A test's process may end itself at
 * any of them; whatever it leaves, the live path is a whole binary and the steps can be taken again.
 */
export type SwapStep =
  /** The new binary is on disk. */
  | "staged-synced"
  /** `.previous/.version.next` says what the live binary is. */
  | "record-prepared"
  /** `.previous/<name>.next` is the live binary. */
  | "previous-linked"
  /** `.previous/<name>` is the live binary; `.previous/.version` still speaks of the one before. */
  | "previous-renamed"
  /** `.previous` is one unit again: the live binary and its record. */
  | "previous-kept"
  /** The live path is the new binary. */
  | "swapped"
  /** … and would be so after a power cut. */
  | "swap-synced";

/** The same for the way back. */
export type RestoreStep =
  /** `.previous/<name>.restore` is the kept binary once more. */
  | "restore-linked"
  /** The live path is the kept binary. */
  | "restored"
  /** … and would be so after a power cut. */
  | "restore-synced"
  /** `.version` speaks of it. */
  | "restore-recorded";

/** Is awaited after each step; for tests. */
export type AtStep<Step> = (step: Step) => void | Promise<void>;
