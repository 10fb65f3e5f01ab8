import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { MAX_SEQ, type SignedRelease } from "@tideline/version/fleet";
import { withFilesLocked } from "../engine/state-file.js";
import { replaceFile } from "../write-file.js";
import { formatTrustCopy, parseTrustCopy, type TrustCopy } from "./trust-copy.js";
import { advanceTrust, EMPTY_TRUST, mergeTrust, type TrustState, trustOf } from "./trust-state.js";

const FILES = ["trust-1.json", "trust-2.json"] as const;

/** What {@link TrustStore.open} needs besides its folder. */
export interface TrustStoreOptions {
  /**
   * The highest `seq` of each subsystem that the binaries on disk say of themselves (`.version` and
   * `.previous/.version`). Asked only if a copy is missing or damaged: then nothing older than what
   * lies there is believed.
   *
   * @default async () => ({})
   */
  readonly floor?: () => Promise<Readonly<Record<string, number>>>;
}

/**
 * Where a machine keeps its {@link TrustState}: two copies with checksums, written one after the
 * other, so that whatever happens to the one being written, the other is whole. A state that is
 * ahead of what is served now (a copied disk, a ledger from a backup) is kept as it is.
 */
export class TrustStore {
  /** What is wrong with the copies that could not be used when it was opened. */
  readonly damage: readonly string[];
  private readonly folder: string;
  private current: TrustState;
  private writing: Promise<void> = Promise.resolve();

  private constructor(folder: string, state: TrustState, damage: readonly string[]) {
    this.folder = folder;
    this.current = state;
    this.damage = damage;
  }

  /**
   * Reads both copies and takes the stricter of the two in every respect. Writes nothing.
   *
   * @param folder The state folder; it need not exist yet.
   */
  static async open(
    folder: string,
    { floor = async () => ({}) }: TrustStoreOptions = {},
  ): Promise<TrustStore> {
    const { state, damage } = await readCopies(folder);
    const seqs = damage.length === 0 ? {} : await floor();
    return new TrustStore(folder, mergeTrust(state, floorState(seqs)), damage);
  }

  /** What `verifyRelease` wants as its `state`. */
  get state(): TrustState {
    return this.current;
  }

  /**
   * Remembers a release that was verified; it is on disk when this resolves. Only ever grows, also
   * if another process writes at the same time.
   *
   * @param release One for which `verifyRelease` gave a manifest.
   * @param options As {@link advanceTrust} takes them.
   * @throws {SyncError} `DISK_FULL` or `FOLDER_NOT_WRITABLE`; then nothing was remembered on disk.
   */
  async advance(
    release: SignedRelease,
    options: { readonly countsSeq?: boolean } = {},
  ): Promise<void> {
    await this.remember((before) => advanceTrust(before, release, options));
  }

  /**
   * Remembers that a release runs here, by its number alone, so that nothing older is believed from
   * now on. Does nothing where that is known.
   *
   * @throws {SyncError} As {@link advance}.
   */
  async reach(subsystem: string, seq: number): Promise<void> {
    if (trustOf(this.current, subsystem).seq >= seq) return;
    await this.remember((before) => mergeTrust(before, floorState({ [subsystem]: seq })));
  }

  private async remember(change: (before: TrustState) => TrustState): Promise<void> {
    const write = () => withFilesLocked(this.folder, () => this.write(change));
    const written = this.writing.then(write);
    // A failed write is its caller's to hear of, and keeps no later one from being tried.
    this.writing = written.catch(() => {});
    return written;
  }

  private async write(change: (before: TrustState) => TrustState): Promise<void> {
    const { state, copies } = await readCopies(this.folder);
    this.current = change(mergeTrust(this.current, state));
    const counter = Math.max(0, ...copies.map((copy) => copy?.counter ?? 0)) + 1;
    const text = formatTrustCopy({ counter, state: this.current });
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    // The older or unusable one first, so that at every moment the other holds what was known
    // before, and in the end the loss of either loses nothing.
    const order = [...FILES].sort((a, b) => counterOf(copies, a) - counterOf(copies, b));
    for (const name of order) await replaceFile(join(this.folder, name), text);
  }
}

interface Copies {
  readonly state: TrustState;
  /** In the order of {@link FILES}; null for one that is missing or damaged. */
  readonly copies: readonly (TrustCopy | null)[];
  readonly damage: readonly string[];
}

function counterOf(copies: readonly (TrustCopy | null)[], name: (typeof FILES)[number]): number {
  return copies[FILES.indexOf(name)]?.counter ?? -1;
}

async function readCopies(folder: string): Promise<Copies> {
  const copies: (TrustCopy | null)[] = [];
  const damage: string[] = [];
  for (const name of FILES) {
    try {
      copies.push(parseTrustCopy(await readFile(join(folder, name), "utf8")));
    } catch (error) {
      copies.push(null);
      damage.push(`${name}: ${error instanceof Error ? error.message : error}`);
    }
  }
  const states = copies.flatMap((copy) => (copy === null ? [] : [copy]));
  const state = states
    .sort((a, b) => b.counter - a.counter)
    .reduce((merged, copy) => mergeTrust(merged, copy.state), EMPTY_TRUST);
  return { state, copies, damage };
}

function floorState(seqs: Readonly<Record<string, number>>): TrustState {
  const entries = Object.entries(seqs).filter(
    ([, seq]) => Number.isSafeInteger(seq) && seq > 0 && seq <= MAX_SEQ,
  );
  return {
    ...EMPTY_TRUST,
    subsystems: Object.fromEntries(
      entries.map(([name, seq]) => [name, { seq, manifest: null, tags: {} }]),
    ),
  };
}
