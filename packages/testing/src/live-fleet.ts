/**
 * A fleet on a real ledger: signed releases are published and machines enrol and report, all by the
 * official client. The machines run nothing; they say what machines say.
 */
import type { KeyObject } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type AttemptReport,
  bucketOf,
  DEFAULT_ROLLOUT_POLICY,
  FLEET_FUNCTIONS,
  type FleetAnswer,
  type FleetTarget,
  type FleetView,
  type MachineAnswer,
  type MachineMessage,
  mayStart,
  type PlatformKey,
  type ReleaseManifest,
  type ReportedState,
} from "@tideline/version/fleet";
import { ConvexHttpClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import { stringify } from "yaml";
import { makeMachineKey } from "../../fleet/src/ledger/machine-file.js";
import { signCall } from "../../fleet/src/ledger/sign-call.js";
import { signEnrolment } from "../../fleet/src/ledger/sign-enrolment.js";
import { FLEET_TOKENS, LedgerRig } from "./ledger-rig.js";
import { rawArtifact, SignedFleet } from "./signed-fleet.js";

const PLATFORM: PlatformKey = "linux-x64-glibc";

/** Settings of a ledger whose rollouts wait for no bake time, and which counts at once. */
export const QUICK_SETTINGS = {
  TIDELINE_ROLLOUT_POLICY: JSON.stringify({
    ...DEFAULT_ROLLOUT_POLICY,
    rings: DEFAULT_ROLLOUT_POLICY.rings.map((ring) => ({ ...ring, bakeMs: 0 })),
  }),
  TIDELINE_FLEET_COUNT_MS: "100",
} as const;

/** What a release is, besides its number and its version. */
export type ReleaseChange = Partial<
  Pick<ReleaseManifest, "subsystem" | "updateClass" | "isCritical" | "reverts" | "artifacts">
> & { readonly channel?: string };

/** One ledger with one fleet on it. */
export class LiveFleet {
  readonly ledger: LedgerRig;
  readonly #signer = new SignedFleet({ now: Date.now() });

  private constructor(ledger: LedgerRig) {
    this.ledger = ledger;
  }

  /** @param settings Variables of the deployment. @default QUICK_SETTINGS */
  static async create(settings: Readonly<Record<string, string>> = QUICK_SETTINGS) {
    return new LiveFleet(await LedgerRig.create(settings));
  }

  /** Publishes a release of nats in stable, unless told otherwise, whose binary is its version's name. */
  async publish(seq: number, version: string, change: ReleaseChange = {}): Promise<FleetAnswer> {
    const { channel = "stable", ...parts } = change;
    const artifacts = { [PLATFORM]: rawArtifact(version) };
    const manifest = this.#signer.manifest({ seq, version, artifacts, ...parts });
    const release = this.#signer.sign(manifest);
    const args = { token: FLEET_TOKENS.operator, channel, release };
    return (await this.mutate(FLEET_FUNCTIONS.publishRelease, args)) as FleetAnswer;
  }

  async enrol(name: string, channel = "stable"): Promise<LiveMachine> {
    const privateKey = makeMachineKey();
    const answer = await this.mutate(FLEET_FUNCTIONS.enrolMachine, {
      enrolToken: FLEET_TOKENS.enrol,
      ...signEnrolment(privateKey, { name, channel, platform: PLATFORM }, Date.now()),
    });
    return new LiveMachine(this, answer as Enrolment, privateKey);
  }

  async view(): Promise<FleetView> {
    const args = { token: FLEET_TOKENS.view };
    return (await this.#query(FLEET_FUNCTIONS.watchFleet, args)) as FleetView;
  }

  /** Those of the machines that the present rollout lets begin, by the rule that machines use. */
  async mayStart(machines: readonly LiveMachine[], subsystem = "nats"): Promise<LiveMachine[]> {
    const args = { channel: "stable" };
    const targets = (await this.#query(FLEET_FUNCTIONS.watchTargets, args)) as FleetTarget[];
    const rollout = targets.find((target) => target.subsystem === subsystem)?.rollout ?? null;
    if (rollout === null) return [];
    const { version } = rollout;
    const allowed = await Promise.all(
      machines.map(async ({ machineId, enrolledAt }) => {
        const bucket = await bucketOf(machineId, subsystem, version);
        return mayStart(rollout, { machineId, enrolledAt, bucket });
      }),
    );
    return machines.filter((_, index) => allowed[index]);
  }

  async #query(name: string, args: Record<string, unknown>): Promise<unknown> {
    const query = makeFunctionReference<"query">(name);
    return await this.#client().query(query, { token: FLEET_TOKENS.read, ...args });
  }

  async mutate(name: string, args: Record<string, unknown>): Promise<unknown> {
    const mutation = makeFunctionReference<"mutation">(name);
    return await this.#client().mutation(mutation, args, { skipQueue: true });
  }

  /** Writes an operator's `sync.config.yaml` into the ledger's folder, and gives that folder. */
  async operatorFolder(subsystems: readonly string[] = ["nats"]): Promise<string> {
    const { folder, url } = this.ledger;
    const binaries = subsystems.map((name) => [name, { binary: join(folder, name, name) }]);
    const config = {
      ...{ ledger: { url }, trust: this.#signer.trust },
      subsystems: Object.fromEntries(binaries),
    };
    await writeFile(join(folder, "sync.config.yaml"), stringify(config));
    return folder;
  }

  async dispose(): Promise<void> {
    await this.ledger.dispose();
  }

  #client(): ConvexHttpClient {
    return new ConvexHttpClient(this.ledger.url, {
      skipConvexDeploymentUrlCheck: true,
      logger: false,
    });
  }
}

interface Enrolment {
  readonly machineId: string;
  readonly enrolledAt: number;
}

/** A machine with a key of its own, which signs what it says. */
export class LiveMachine {
  readonly machineId: string;
  readonly enrolledAt: number;
  readonly #fleet: LiveFleet;
  readonly #key: KeyObject;
  #counter = 0;
  /** By subsystem: the sha256 of what lies at the live path. */
  readonly #running = new Map<string, string>();

  constructor(fleet: LiveFleet, { machineId, enrolledAt }: Enrolment, key: KeyObject) {
    this.machineId = machineId;
    this.enrolledAt = enrolledAt;
    this.#fleet = fleet;
    this.#key = key;
  }

  /** Says that it runs a release of each subsystem; its bytes are those of the release unless told otherwise. */
  async runs(
    ...running: readonly {
      readonly seq: number;
      readonly version: string;
      readonly subsystem?: string;
      readonly sha256?: string;
    }[]
  ): Promise<void> {
    await this.#call(FLEET_FUNCTIONS.reportPresence, {
      ...{ kind: "presence", syncVersion: "0.1.0" },
      running: running.map(({ seq, version, subsystem = "nats", sha256 = shaOf(version) }) => {
        this.#running.set(subsystem, sha256);
        return { subsystem, version, seq, sha256 };
      }),
    });
  }

  /** Goes through the states of an attempt. */
  async tries(
    seq: number,
    version: string,
    states: readonly ReportedState[],
    change: Partial<AttemptReport> = {},
  ): Promise<void> {
    const { subsystem = "nats" } = change;
    const before = this.#running.get(subsystem) ?? null;
    const reports = states.map((state): AttemptReport => {
      const isNew = state === "soaking" || state === "committed";
      const isFailure = state === "rolled-back" || state === "needs-operator";
      return {
        ...{ subsystem, seq, version, generation: 1, state, detail: null, at: Date.now() },
        reason: isFailure ? "NOT_READY" : null,
        runningSha256: isNew ? shaOf(version) : before,
        ...(isFailure || state === "refused" ? change : {}),
      };
    });
    if (states.at(-1) === "committed") this.#running.set(subsystem, shaOf(version));
    await this.#call(FLEET_FUNCTIONS.reportAttempts, { kind: "reports", reports });
  }

  async #call(name: string, message: MachineMessage): Promise<void> {
    const call = signCall(
      { machineId: this.machineId, privateKey: this.#key },
      ++this.#counter,
      message,
    );
    const answer = (await this.#fleet.mutate(name, { ...call })) as MachineAnswer;
    if (!answer.ok) throw new Error(answer.message);
  }
}

function shaOf(version: string): string {
  return rawArtifact(version).binary.sha256;
}
