import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import type {
  AttemptReport,
  Enrolment,
  FleetAnswer,
  FleetSubsystem,
  FleetTarget,
  FleetView,
  MachineAnswer,
  ReleaseManifest,
  ReportedState,
  RolloutPolicy,
  SignedRelease,
} from "@tideline/version/fleet";
import {
  DEFAULT_ROLLOUT_POLICY,
  enrolmentText,
  FLEET_FUNCTIONS,
  signedCallText,
} from "@tideline/version/fleet";
import { vi } from "vitest";
import type { LedgerClient } from "./ledger-client.js";

/** The tokens of the suite's fleet. */
export const FLEET_TOKEN = "suite-fleet-operator-0123456789";
export const FLEET_READ_TOKEN = "suite-fleet-reader-0123456789";
export const FLEET_VIEW_TOKEN = "suite-fleet-viewer-0123456789";
export const FLEET_ENROL_TOKEN = "suite-fleet-enrolment-0123456789";
export const PLATFORM = "linux-x64-glibc";

/** The default rings, without bake times: what is decided does not wait for the clock. */
export const QUICK_POLICY: RolloutPolicy = {
  ...DEFAULT_ROLLOUT_POLICY,
  rings: DEFAULT_ROLLOUT_POLICY.rings.map((ring) => ({ ...ring, bakeMs: 0 })),
};

// One run may meet the leavings of another on a server that stays, so names are never used twice.
const RUN = Date.now().toString(36);
let rigs = 0;

/** A sha256 for tests: the bytes of a version on a platform. */
export function sha256Of(version: string, platform = PLATFORM): string {
  return Buffer.from(`${version}/${platform}`).toString("hex").padEnd(64, "0").slice(0, 64);
}

/** A fresh channel with one subsystem, and the calls about it. */
export class FleetRig {
  readonly channel = `channel-${RUN}-${++rigs}`;
  readonly subsystem = `nats-${RUN}-${rigs}`;
  readonly client: LedgerClient;

  constructor(client: LedgerClient) {
    this.client = client;
  }

  release(seq: number, change: Partial<ReleaseManifest> = {}): SignedRelease {
    const version = change.version ?? `1.0.${seq}`;
    const sha256 = sha256Of(version);
    const manifest: ReleaseManifest = {
      ...{ format: 1, subsystem: this.subsystem, seq, version, updateClass: "patch" },
      ...{ isCritical: false, upstream: null, createdAt: 1_700_000_000_000 },
      ...{ expiresAt: 4_000_000_000_000, minSync: null, reverts: null, revoked: [] },
      dataRollback: "safe",
      artifacts: {
        [PLATFORM]: {
          ...{ urls: ["https://releases.example/nats"], size: 10, sha256, format: "raw" },
          ...{ member: null, binary: { size: 10, sha256 } },
        },
      },
      ...change,
    };
    const signature = { keyId: "0123456789abcdef", value: `${"A".repeat(86)}==` };
    return {
      manifest: JSON.stringify(manifest),
      signatures: [signature],
      keyset: JSON.stringify({
        ...{ format: 1, version: 1, expiresAt: 4_000_000_000_000, threshold: 1 },
        releaseKeys: [`${"A".repeat(43)}=`],
      }),
      keysetSignatures: [signature],
    };
  }

  async publish(seq: number, change: Partial<ReleaseManifest> = {}): Promise<FleetAnswer> {
    return await this.publishRaw(this.release(seq, change));
  }

  async publishRaw(release: SignedRelease, extra: object = {}): Promise<FleetAnswer> {
    const args = { token: FLEET_TOKEN, channel: this.channel, release, ...extra };
    return (await this.client.mutation(FLEET_FUNCTIONS.publishRelease, args)) as FleetAnswer;
  }

  async decide(seq: number, decision: "approve" | "reject", note?: string): Promise<FleetAnswer> {
    return await this.#change(FLEET_FUNCTIONS.decideApproval, { seq, decision, note });
  }

  async change(
    to: "paused" | "running" | "halted",
    note?: string,
    withoutSilent?: boolean,
  ): Promise<FleetAnswer> {
    return await this.#change(FLEET_FUNCTIONS.changeRollout, { to, note, withoutSilent });
  }

  async remove({ machineId }: TestMachine): Promise<unknown> {
    const args = { token: FLEET_TOKEN, machineId };
    return await this.client.mutation(FLEET_FUNCTIONS.removeMachine, args);
  }

  async #change(path: string, args: Record<string, unknown>): Promise<FleetAnswer> {
    const { channel, subsystem } = this;
    const all = { token: FLEET_TOKEN, channel, subsystem, ...args };
    const given = Object.entries(all).filter(([, value]) => value !== undefined);
    return (await this.client.mutation(path, Object.fromEntries(given))) as FleetAnswer;
  }

  async target(): Promise<FleetTarget | undefined> {
    const args = { channel: this.channel, token: FLEET_READ_TOKEN };
    const targets = await this.client.query(FLEET_FUNCTIONS.watchTargets, args);
    return (targets as FleetTarget[])[0];
  }

  async view(): Promise<FleetView> {
    return (await this.client.query(FLEET_FUNCTIONS.watchFleet, {
      token: FLEET_VIEW_TOKEN,
    })) as FleetView;
  }

  /** This rig's part of the view. */
  async state(): Promise<FleetSubsystem | undefined> {
    return (await this.view()).subsystems.find(({ channel }) => channel === this.channel);
  }

  /** What was done about this rig's subsystem, oldest first: "publish 1", "open-ring 1 canaries". */
  async story(): Promise<string[]> {
    const { audit } = await this.view();
    return audit
      .filter(({ channel }) => channel === this.channel)
      .filter(({ action }) => action !== "enrol")
      .reverse()
      .map(({ action, seq, note }) =>
        action === "open-ring" ? `${action} ${seq} ${note}` : `${action} ${seq}`,
      );
  }

  async enrol(name = `machine-${this.channel}`): Promise<TestMachine> {
    return await TestMachine.enrol(this, name);
  }

  async enrolMany(count: number): Promise<TestMachine[]> {
    const numbers = Array.from({ length: count }, (_, n) => n);
    const machines: TestMachine[] = [];
    // Side by side, and not so many that the clients' own queues are what is measured.
    for (let at = 0; at < count; at += 50) {
      const some = numbers.slice(at, at + 50);
      machines.push(...(await Promise.all(some.map((n) => this.enrol(`m-${n}`)))));
    }
    return machines;
  }

  /** Lets time pass until the fleet is as it should be. */
  async until(check: (state: FleetSubsystem | undefined) => void): Promise<void> {
    const { client } = this;
    if (client.watch === undefined) {
      for (let step = 0; ; step++) {
        try {
          return check(await this.state());
        } catch (error) {
          if (step === 60) throw error;
        }
        await client.advance(1_000);
      }
    }
    let last: unknown = new Error("no answer came");
    const args = { token: FLEET_VIEW_TOKEN };
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(last), 20_000);
      const stop = client.watch?.(FLEET_FUNCTIONS.watchFleet, args, (answer) => {
        const { subsystems } = answer as FleetView;
        try {
          check(subsystems.find(({ channel }) => channel === this.channel));
          clearTimeout(timer);
          stop?.();
          resolve();
        } catch (error) {
          last = error;
        }
      });
    });
  }

  /** Waits until what these machines said is counted. */
  async untilSeen(machines: readonly TestMachine[]): Promise<void> {
    const wait = async () => {
      if (this.client.watch === undefined) await this.client.advance(1_000);
      const seen = await this.machines();
      const missing = machines.filter(({ machineId }) => {
        const row = seen.find((row) => row.machineId === machineId);
        return row === undefined || row.subsystems.length === 0;
      });
      if (missing.length > 0) throw new Error(`${missing.length} machines are not seen yet`);
    };
    if (this.client.watch !== undefined) {
      return await vi.waitFor(wait, { timeout: 20_000, interval: 200 });
    }
    for (let step = 0; ; step++) {
      try {
        return await wait();
      } catch (error) {
        if (step === 60) throw error;
      }
    }
  }

  /** All machines of this rig's channel. */
  async machines(): Promise<FleetView["machines"][number][]> {
    const found: FleetView["machines"][number][] = [];
    let cursor: string | null = null;
    for (;;) {
      const answer = (await this.client.query(FLEET_FUNCTIONS.listMachines, {
        token: FLEET_VIEW_TOKEN,
        channel: this.channel,
        paginationOpts: { numItems: 200, cursor },
      })) as { page: FleetView["machines"][number][]; isDone: boolean; continueCursor: string };
      found.push(...answer.page);
      if (answer.isDone) return found;
      cursor = answer.continueCursor;
    }
  }
}

/** A machine with a key pair of its own, which signs what it says. */
export class TestMachine {
  readonly machineId: string;
  enrolledAt: number;
  readonly #rig: FleetRig;
  readonly #key: KeyObject;
  readonly #name: string;
  counter = 0;
  /** How often it has called the ledger. */
  calls = 0;

  private constructor(
    rig: FleetRig,
    key: KeyObject,
    answer: { machineId: string; enrolledAt: number },
    name: string,
  ) {
    this.#name = name;
    this.#rig = rig;
    this.#key = key;
    this.machineId = answer.machineId;
    this.enrolledAt = answer.enrolledAt;
  }

  static async enrol(rig: FleetRig, name: string): Promise<TestMachine> {
    const { privateKey } = generateKeyPairSync("ed25519");
    const args = enrolment(privateKey, { name, channel: rig.channel });
    const answer = await rig.client.mutation(FLEET_FUNCTIONS.enrolMachine, args);
    const machine = answer as { machineId: string; enrolledAt: number };
    return new TestMachine(rig, privateKey, machine, name);
  }

  /** Goes to another channel, by enrolling there. */
  async move(channel: string): Promise<void> {
    const args = enrolment(this.#key, { name: this.#name, channel });
    const answer = await this.#rig.client.mutation(FLEET_FUNCTIONS.enrolMachine, args);
    this.enrolledAt = (answer as { enrolledAt: number }).enrolledAt;
  }

  /** Signs a message as the ledger wants it. */
  sign(message: object, counter = ++this.counter, machineId = this.machineId) {
    const body = JSON.stringify(message);
    const text = signedCallText({ machineId, counter, body });
    const signature = sign(null, Buffer.from(text), this.#key).toString("base64");
    return { machineId, counter, body, signature };
  }

  /** One report with the fields that the state asks for. */
  attempt(seq: number, state: ReportedState, change: Partial<AttemptReport> = {}): AttemptReport {
    const version = `1.0.${seq}`;
    const failed = state === "rolled-back" || state === "needs-operator";
    return {
      ...{ subsystem: this.#rig.subsystem, seq, version, generation: 1, state },
      ...{ reason: failed ? "NOT_READY" : null, detail: null, at: 1_700_000_000_000 },
      runningSha256: state === "committed" || state === "soaking" ? sha256Of(version) : null,
      ...change,
    };
  }

  async report(...reports: readonly AttemptReport[]): Promise<MachineAnswer> {
    return await this.call(FLEET_FUNCTIONS.reportAttempts, { kind: "reports", reports });
  }

  /** Says what it runs: the binary of a version, or none. */
  async present(seq: number | null = null, change: object = {}): Promise<MachineAnswer> {
    const version = seq === null ? null : `1.0.${seq}`;
    const sha256 = version === null ? null : sha256Of(version);
    const running = [{ subsystem: this.#rig.subsystem, version, seq, sha256, ...change }];
    const message = { kind: "presence", syncVersion: "0.1.0", running };
    return await this.call(FLEET_FUNCTIONS.reportPresence, message);
  }

  async call(path: string, message: object): Promise<MachineAnswer> {
    this.calls += 1;
    return (await this.#rig.client.mutation(path, { ...this.sign(message) })) as MachineAnswer;
  }
}

/** The arguments with which the owner of a key enrols. */
export function enrolment(
  privateKey: KeyObject,
  change: { readonly channel: string } & Partial<Enrolment>,
) {
  const publicKey = rawKey(createPublicKey(privateKey));
  const said = { publicKey, name: "machine", platform: PLATFORM, signedAt: Date.now(), ...change };
  const signature = sign(null, Buffer.from(enrolmentText(said)), privateKey).toString("base64");
  return { enrolToken: FLEET_ENROL_TOKEN, ...said, signature };
}

/** The 32 bytes of an Ed25519 public key, in base64. */
export function rawKey(key: KeyObject): string {
  // RFC 8410: what stands before them is the same for every key.
  return key.export({ format: "der", type: "spki" }).subarray(12).toString("base64");
}
