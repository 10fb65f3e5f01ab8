/**
 * One target with everybody who has to do with it: a host that serves one build, deployers who
 * take their steps in any order and may stop at any of them, people who hold and release, and
 * clients that load what the host serves, watch, and reload when they are offered to.
 */
import type { LatestDeployment, Verdict } from "@tideline/version";
import { judge } from "@tideline/version";
import type { MemoryLedger, Subscription } from "./memory-ledger.js";
import type { Outcome, Wish } from "./oracle.js";
import { Oracle } from "./oracle.js";
import type { Random } from "./random.js";

/** Where the world's deployers record. */
export const TARGET = { appName: "web", environment: "production" };

/** The record token of the world's deployment. */
export const TOKEN = "interleavings-record-token";

const COMMITS = ["a", "b", "c", "d", "e"].map((letter) => letter.repeat(40));
// Two commits share a build (a revert), and a build may have no commit to its name.
const ARTIFACTS = [
  { gitCommit: COMMITS[0], buildId: "build-1" },
  { gitCommit: COMMITS[1], buildId: "build-2" },
  { gitCommit: COMMITS[2], buildId: "build-1" },
  { gitCommit: COMMITS[2], buildId: "build-4" },
  { gitCommit: COMMITS[3], buildId: "build-3" },
  { gitCommit: COMMITS[4], buildId: "build-4" },
  { gitCommit: COMMITS[4], buildId: "build-5" },
  { gitCommit: "unknown", buildId: "build-6" },
] as const;

/** Every build that can be served. */
export const BUILD_IDS = [...new Set(ARTIFACTS.map(({ buildId }) => buildId))];

/** What did not go as the oracle says. */
export interface Disagreement {
  readonly step: string;
  readonly ledger: unknown;
  readonly oracle: unknown;
}

/** A page that runs one build until it is reloaded. */
export interface Client {
  buildId: string;
  /** Null until the first answer came. */
  bootEpoch: number | null;
  told: LatestDeployment | null;
  subscription: Subscription;
  prompts: number;
}

/** See the head of the file. */
export class World {
  readonly ledger: MemoryLedger;
  readonly oracle = new Oracle();
  readonly clients: Client[] = [];
  readonly disagreements: Disagreement[] = [];
  now = 1_800_000_000_000;
  served: string = "build-0";
  readonly #random: Random;
  readonly #setClock: (now: number) => void;
  readonly #deployers: Generator<Promise<void>, void>[] = [];
  #keys = 0;

  constructor(ledger: MemoryLedger, random: Random, setClock: (now: number) => void) {
    this.ledger = ledger;
    this.#random = random;
    this.#setClock = setClock;
    setClock(this.now);
  }

  /** Lets one of them, chosen by chance, take one step. */
  async step(): Promise<void> {
    const choice = this.#random.whole(100);
    if (choice < 15) this.#deployers.push(this.#deployer());
    else if (choice < 60) await this.#stepDeployer();
    else if (choice < 70) this.#load();
    else if (choice < 82) await this.#deliver();
    else if (choice < 90) this.#react(this.#anyClient(), this.#random.chance(0.5));
    else if (choice < 97) await this.passTime(this.#random.whole(20 * 60_000));
    else if (choice < 98) await this.#recordElsewhere();
    else await this.#holdOrRelease();
  }

  /** Lets time pass and run what is scheduled in it. */
  async passTime(ms: number): Promise<void> {
    this.now += ms;
    this.#setClock(this.now);
    await this.ledger.runScheduled(this.now);
  }

  /** Finishes, crashes or leaves the deployers; afterwards nobody deploys any more. */
  async endDeployers(): Promise<void> {
    while (this.#deployers.length > 0) await this.#stepDeployer();
  }

  /** Records what the host serves, as a reconciling job does; false if that was no deployer's. */
  async reconcile(): Promise<boolean> {
    if (this.oracle.isHeld) await this.#holdOrRelease();
    const artifact = ARTIFACTS.find(({ buildId }) => buildId === this.served);
    if (artifact === undefined) return false;
    await this.#record({
      ...artifact,
      gitCommit: artifact.gitCommit ?? "unknown",
      allowRollback: true,
      severity: "normal",
      asOfEpoch: this.oracle.epoch,
      idempotencyKey: null,
    });
    return true;
  }

  /** Brings every client up to date and lets it act; gives how many were offered a refresh. */
  async settleClients(): Promise<number> {
    let offered = 0;
    for (const client of [...this.clients]) {
      if (client.subscription.isStale()) await this.#tell(client);
      const before = client.prompts;
      this.#react(client, true);
      offered += client.prompts - before;
    }
    return offered;
  }

  /** What a client's page holds for true now; null before its first answer. */
  verdictOf(client: Client): Verdict | null {
    if (client.bootEpoch === null) return null;
    return judge({ buildId: client.buildId as never }, client.told, client.bootEpoch);
  }

  /** A deployer's steps; each `yield` is a moment in which others act or it dies. */
  *#deployer(): Generator<Promise<void>, void> {
    const random = this.#random;
    const artifact = random.pick(ARTIFACTS);
    let asOfEpoch: number | null = null;
    const wish = (): Wish => ({ ...base, asOfEpoch });
    const base = {
      buildId: artifact.buildId,
      gitCommit: artifact.gitCommit ?? "unknown",
      allowRollback: random.chance(0.3),
      severity: random.chance(0.1) ? ("critical" as const) : ("normal" as const),
      idempotencyKey: random.chance(0.5) ? `key-${++this.#keys}` : null,
    };
    if (random.chance(0.6)) {
      let isRefused = false;
      const looksAgain = random.chance(0.5);
      yield this.#announce(wish()).then((answer) => {
        isRefused = !answer.ok;
        if (answer.ok && "epoch" in answer && looksAgain) asOfEpoch = answer.epoch;
      });
      // Most heed a refusal; some scripts do not look.
      if (isRefused && random.chance(0.9)) return;
      if (random.chance(0.1)) {
        yield this.#abort(artifact.buildId);
        return;
      }
    }
    this.served = artifact.buildId;
    yield Promise.resolve();
    const repeats = base.idempotencyKey !== null && random.chance(0.3) ? 2 : 1;
    for (let i = 0; i < repeats; i++) {
      // The second is a lost answer's repeat, or comes from somebody who has looked again.
      if (i > 0 && asOfEpoch !== null && random.chance(0.5)) asOfEpoch = this.oracle.epoch;
      yield this.#record(wish());
    }
  }

  async #stepDeployer(): Promise<void> {
    if (this.#deployers.length === 0) return;
    const index = this.#random.whole(this.#deployers.length);
    const [deployer] = this.#deployers.slice(index, index + 1);
    // One in twelve steps is its last: the job is cancelled, the machine is gone.
    const next = this.#random.chance(1 / 12) ? undefined : deployer?.next();
    if (next === undefined || next.done === true) this.#deployers.splice(index, 1);
    else await next.value;
  }

  async #record(wish: Wish): Promise<void> {
    const { asOfEpoch, idempotencyKey, ...rest } = wish;
    const answer = (await this.ledger.mutation("recordDeployment", {
      ...TARGET,
      ...rest,
      ...(asOfEpoch !== null && { asOfEpoch }),
      ...(idempotencyKey !== null && { idempotencyKey }),
      version: wish.buildId,
      buildNumber: 1,
      buildTime: 0,
      token: TOKEN,
    })) as Outcome & { deploymentId?: string; message?: string };
    const { deploymentId, message, ...outcome } = answer;
    this.#compare(`record ${JSON.stringify(wish)}`, outcome, this.oracle.record(wish, this.now));
  }

  async #announce(wish: Wish): Promise<ReturnType<Oracle["announce"]>> {
    const { buildId, gitCommit, allowRollback } = wish;
    const answer = (await this.ledger.mutation("announceDeployment", {
      ...TARGET,
      ...{ buildId, gitCommit, allowRollback },
      version: buildId,
      token: TOKEN,
    })) as { ok: boolean; state?: string; epoch?: number; code?: string };
    const expected = this.oracle.announce(wish, this.now);
    const outcome = answer.ok
      ? { ok: true, state: answer.state, epoch: answer.epoch }
      : { ok: false, code: answer.code };
    this.#compare(`announce ${JSON.stringify(wish)}`, outcome, expected);
    return expected;
  }

  async #abort(buildId: string): Promise<void> {
    const args = { ...TARGET, buildId, token: TOKEN };
    const answer = (await this.ledger.mutation("abortDeployment", args)) as Outcome;
    const { message, ...outcome } = answer as Outcome & { message?: string };
    this.#compare(`abort ${buildId}`, outcome, this.oracle.abort(buildId, this.now));
  }

  async #holdOrRelease(): Promise<void> {
    if (this.oracle.epoch === 0) return;
    const args = { ...TARGET, token: TOKEN };
    if (this.oracle.isHeld) await this.ledger.mutation("releaseTarget", args);
    else await this.ledger.mutation("holdTarget", { ...args, reason: "incident" });
    this.oracle.isHeld = !this.oracle.isHeld;
  }

  /** Another target's record must change nothing here. */
  async #recordElsewhere(): Promise<void> {
    const artifact = this.#random.pick(ARTIFACTS);
    await this.ledger.mutation("recordDeployment", {
      ...TARGET,
      ...artifact,
      environment: "staging",
      version: artifact.buildId,
      buildNumber: 1,
      buildTime: 0,
      allowRollback: true,
      severity: "critical",
      token: TOKEN,
    });
  }

  #load(): void {
    // A cache at the edge may still hand out another build.
    const buildId = this.#random.chance(0.1) ? this.#random.pick(BUILD_IDS) : this.served;
    this.clients.push({ ...this.#freshPage(buildId), prompts: 0 });
  }

  #freshPage(buildId: string): Omit<Client, "prompts"> {
    const args = { appName: TARGET.appName, environment: TARGET.environment, buildId };
    const subscription = this.ledger.subscribe("watchLatestDeployment", args);
    return { buildId, bootEpoch: null, told: null, subscription };
  }

  async #deliver(): Promise<void> {
    const client = this.#anyClient();
    if (client?.subscription.isStale()) await this.#tell(client);
  }

  async #tell(client: Client): Promise<void> {
    client.told = (await client.subscription.read()) as LatestDeployment | null;
    client.bootEpoch ??= client.told?.epoch ?? 0;
  }

  /** Offers a refresh where the rule and the host's own document both say so. */
  #react(client: Client | null, clicks: boolean): void {
    if (client === null || this.verdictOf(client)?.kind !== "outdated") return;
    if (this.served === client.buildId) return;
    client.prompts++;
    if (!clicks) return;
    client.subscription.end();
    Object.assign(client, this.#freshPage(this.served));
  }

  #anyClient(): Client | null {
    return this.clients.length === 0 ? null : this.#random.pick(this.clients);
  }

  #compare(step: string, ledger: unknown, oracle: unknown): void {
    if (!isEqual(ledger, oracle)) this.disagreements.push({ step, ledger, oracle });
  }
}

/** Equality of plain values, whatever the order of their fields. */
export function isEqual(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([x], [y]) => (x < y ? -1 : 1)))
      : inner,
  );
}
