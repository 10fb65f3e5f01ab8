import type {
  AnnounceAnswer,
  DeployedInputs,
  DeploymentRecord,
  LatestDeployment,
  LedgerErrorCode,
  RecordAnswer,
} from "@tideline/version";
import { FUNCTION_NAMES } from "@tideline/version";
import type { PaginationOptions, PaginationResult } from "convex/server";
import { expect } from "vitest";
import type { DeploymentRow } from "../index.js";
import type { LedgerClient } from "./ledger-client.js";

/** The record token of the suite's deployment. */
export const TOKEN = "suite-record-token-0123456789";

/** The answers of the functions that have no named type in the packages. */
type Refusal = { ok: false; code: string; message: string };
interface TargetRow {
  appName: string;
  environment: string;
  epoch: number;
  buildId: string;
  hold: { reason: string; since: number } | null;
  live: DeploymentRow | null;
  criticalEpoch: number | null;
  lastRollbackEpoch: number | null;
}

// One run may meet the leavings of another on a server that stays, so names are never used twice.
const RUN = Date.now().toString(36);
let targets = 0;

/** A fresh target and the calls about it, with the arguments that every call repeats filled in. */
export class Rig {
  readonly appName = `suite-${RUN}-${++targets}`;
  readonly environment = "production";
  readonly client: LedgerClient;

  constructor(client: LedgerClient) {
    this.client = client;
  }

  get name() {
    return { appName: this.appName, environment: this.environment };
  }

  /** The arguments of a record of the build with this letter: commit, version and build id follow. */
  args(letter: string, extra: Partial<DeploymentRecord> = {}): DeploymentRecord {
    return {
      ...this.name,
      version: `1.0.0-${letter}`,
      gitCommit: commitOf(letter),
      buildId: `build-${letter}`,
      buildNumber: 7,
      buildTime: 1_700_000_000_000,
      token: TOKEN,
      ...extra,
    };
  }

  async record(letter: string, extra: Partial<DeploymentRecord> = {}): Promise<RecordAnswer> {
    return await this.recordRaw({ ...this.args(letter, extra) });
  }

  async recordRaw(args: Record<string, unknown>): Promise<RecordAnswer> {
    return (await this.client.mutation(FUNCTION_NAMES.recordDeployment, args)) as RecordAnswer;
  }

  async announce(letter: string, extra: Record<string, unknown> = {}): Promise<AnnounceAnswer> {
    const { buildNumber, buildTime, ...args } = this.args(letter);
    return (await this.client.mutation(FUNCTION_NAMES.announceDeployment, {
      ...args,
      ...extra,
    })) as AnnounceAnswer;
  }

  async abort(letter: string): Promise<{ ok: true } | Refusal> {
    const args = { ...this.name, buildId: `build-${letter}`, token: TOKEN };
    return (await this.client.mutation(FUNCTION_NAMES.abortDeployment, args)) as { ok: true };
  }

  async hold(reason: string): Promise<{ ok: true; hold: { reason: string; since: number } }> {
    const args = { ...this.name, reason, token: TOKEN };
    const answer = await this.client.mutation(FUNCTION_NAMES.holdTarget, args);
    return answer as { ok: true; hold: { reason: string; since: number } };
  }

  async release(): Promise<{ ok: true; wasHeld: boolean } | Refusal> {
    const args = { ...this.name, token: TOKEN };
    const answer = await this.client.mutation(FUNCTION_NAMES.releaseTarget, args);
    return answer as { ok: true; wasHeld: boolean };
  }

  /** What is live, asked by a client of the build with this letter. */
  async latest(letter?: string): Promise<LatestDeployment | null> {
    const args = { ...this.name, ...(letter && { buildId: `build-${letter}` }) };
    return (await this.client.query(
      FUNCTION_NAMES.watchLatestDeployment,
      args,
    )) as LatestDeployment | null;
  }

  async clientBuild(letter: string): Promise<LatestDeployment["clientBuild"] | undefined> {
    return (await this.latest(letter))?.clientBuild;
  }

  /** The history, newest first. */
  async history(
    extra: { paginationOpts?: PaginationOptions; token?: string } = {},
  ): Promise<PaginationResult<DeploymentRow>> {
    return (await this.client.query(FUNCTION_NAMES.listDeployments, {
      ...this.name,
      ...extra,
    })) as PaginationResult<DeploymentRow>;
  }

  /** The history in short, newest first: `"b deploy live @2"`. */
  async story(): Promise<string[]> {
    const { page } = await this.history({ paginationOpts: { numItems: 100, cursor: null } });
    return page.map((row) => {
      const letter = row.buildId.replace("build-", "");
      return `${letter} ${row.kind} ${row.status} @${row.epoch}`;
    });
  }

  /** What `findDeployedInputs` says of this target for the inputs with this letter. */
  async inputs(letter: string, extra: Record<string, unknown> = {}): Promise<DeployedInputs> {
    const answers = (await this.client.query(FUNCTION_NAMES.findDeployedInputs, {
      environment: this.environment,
      services: [{ appName: this.appName, inputsId: `inputs-${letter}` }],
      ...extra,
    })) as DeployedInputs[];
    expect(answers).toHaveLength(1);
    return answers[0] as DeployedInputs;
  }

  /** This target's row of `listTargets`. */
  async target(): Promise<TargetRow | undefined> {
    const rows = (await this.client.query(FUNCTION_NAMES.listTargets, {})) as TargetRow[];
    return rows.find((row) => row.appName === this.appName);
  }
}

/** A full SHA of the commit with this letter. */
export function commitOf(letter: string): string {
  return Array.from({ length: 20 }, (_, i) =>
    ((letter.charCodeAt(i % letter.length) + i) & 0xff).toString(16).padStart(2, "0"),
  ).join("");
}

/** Expects a ConvexError with this code; gives its message. */
export async function failure(call: Promise<unknown>, code: LedgerErrorCode): Promise<string> {
  const error = await call.then(
    (answer) => expect.fail(`expected ${code}, got the answer ${JSON.stringify(answer)}`),
    (reason: unknown) => reason,
  );
  const { data } = error as { data?: unknown };
  const parsed = typeof data === "string" ? JSON.parse(data) : data;
  expect(parsed ?? error).toEqual({ code, message: expect.any(String) });
  return parsed.message;
}
