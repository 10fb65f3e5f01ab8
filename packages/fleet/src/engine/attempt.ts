import { dirname, join } from "node:path";
import type { ReasonCode, ReportedState } from "@tideline/version/fleet";
import type { SubsystemConfig } from "../config/sync-config.js";
import { despiteDisk } from "./despite-disk.js";
import type { EngineDeps } from "./engine-deps.js";
import { failureText } from "./failure-text.js";
import { type Journal, removeJournal, writeJournal } from "./journal.js";
import { type Outcome, writeOutcome } from "./outcome.js";
import { createReporter, type Reporter } from "./reporter.js";
import type { Watched } from "./verdict.js";

/** One attempt under way: its journal, and what is told of it. */
export class Attempt {
  readonly deps: EngineDeps;
  readonly subsystem: SubsystemConfig;
  readonly #reporter: Reporter;
  #journal: Journal;

  constructor(deps: EngineDeps, subsystem: SubsystemConfig, journal: Journal) {
    this.deps = deps;
    this.subsystem = subsystem;
    this.#journal = journal;
    this.#reporter = createReporter(deps.ledger, deps.log);
  }

  get journal(): Journal {
    return this.#journal;
  }

  get state(): string {
    return this.deps.config.state;
  }

  get live(): string {
    return this.subsystem.binary;
  }

  get stagingFolder(): string {
    return join(dirname(this.live), ".staging");
  }

  /** Writes down that the attempt has come so far. */
  async enter(state: Journal["state"], change: Partial<Journal> = {}): Promise<void> {
    await this.amend({ ...change, state });
    await this.step(state);
  }

  /** As {@link enter}, for the way back, which a full disk must not stop. */
  async enterAnyway(state: Journal["state"], change: Partial<Journal> = {}): Promise<void> {
    await despiteDisk(this.deps.log, () => this.amend({ ...change, state }));
    await this.step(state);
  }

  /** Changes the journal without a step. It counts in memory also where the disk takes nothing. */
  async amend(change: Partial<Journal>): Promise<void> {
    this.#journal = { ...this.#journal, ...change };
    await writeJournal(this.state, this.#journal);
  }

  async step(name: string): Promise<void> {
    await this.deps.atStep(name, this.subsystem.name);
  }

  /** Reports without waiting for the ledger. `runs`: sha256 of what is live now. */
  tell(
    state: ReportedState,
    runs: string | null,
    reason: ReasonCode | null = null,
    detail: string | null = null,
  ): void {
    const { subsystem, seq, version, generation } = this.#journal;
    const at = this.deps.now();
    const report = { subsystem, seq, version, generation, state, reason, detail };
    this.#reporter.tell({ ...report, runningSha256: runs, at });
  }

  /** Writes down and reports how it ended, and removes the journal. */
  async end(
    outcome: Pick<Outcome, "state" | "reason" | "detail" | "log">,
    runs: string | null,
  ): Promise<void> {
    const { seq, version, subsystem } = this.#journal;
    const { state, reason, detail, log } = outcome;
    const at = this.deps.now();
    await despiteDisk(this.deps.log, () =>
      writeOutcome(this.state, subsystem, { ...outcome, version, seq, at }),
    );
    this.tell(state, runs, reason, detail === null ? null : failureText({ detail, log }));
    await this.#reporter.settled();
    await this.step("told");
    await removeJournal(this.state, subsystem);
    await this.step("done");
  }

  /** What is watched after a restart; null for a binary that nothing runs. */
  watched(signal: AbortSignal): Watched | null {
    const { supervisor, fetch } = this.deps;
    const { service, health } = this.subsystem;
    return service === null ? null : { supervisor, service, health, fetch, signal };
  }
}
