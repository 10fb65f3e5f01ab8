/** This repository's own functions behind the embedded server, to be killed and started again. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type RunningServer, startServer } from "@tideline/embedded";
import { FUNCTION_NAMES } from "@tideline/version";
import { ConvexHttpClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";

const CONVEX = fileURLToPath(new URL("../../../convex", import.meta.url));
/** Records on it. */
export const LEDGER_TOKEN = "a-token-for-these-tests";

/** What a record may say besides its build. */
export interface RecordChange {
  readonly appName?: string;
  readonly environment?: string;
  readonly version?: string;
  readonly notes?: string;
}

/** One ledger, on one port and one folder of data over all its starts. */
export class LedgerRig {
  #server: RunningServer | null = null;
  #port = 0;
  /** A temporary folder, for files of a test too. */
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** An empty ledger that runs. */
  static async create(): Promise<LedgerRig> {
    const rig = new LedgerRig(await mkdtemp(join(tmpdir(), "tideline-ledger-")));
    await rig.start();
    return rig;
  }

  /** The same while it is down. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    this.#server = await this.#listen(this.#port);
    this.#port = Number(new URL(this.#server.url).port);
  }

  async stop(): Promise<void> {
    await this.#server?.close();
    this.#server = null;
  }

  /** Records a build of web in production, unless told otherwise; its version is its name. */
  async record(buildId: string, change: RecordChange = {}): Promise<void> {
    await recordAt(this.url, buildId, change);
  }

  /** Records while it is stopped, as seen from its own address. */
  async recordUnseen(buildId: string, change: RecordChange = {}): Promise<void> {
    const elsewhere = await this.#listen(0);
    await recordAt(elsewhere.url, buildId, change);
    await elsewhere.close();
  }

  async dispose(): Promise<void> {
    await this.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  #listen(port: number): Promise<RunningServer> {
    return startServer({
      ...{ dir: CONVEX, data: join(this.folder, "data"), port, sitePort: 0 },
      env: { TIDELINE_RECORD_TOKEN: LEDGER_TOKEN },
      log: () => {},
    });
  }
}

async function recordAt(url: string, buildId: string, change: RecordChange): Promise<void> {
  const client = new ConvexHttpClient(url, { skipConvexDeploymentUrlCheck: true });
  await client.mutation(makeFunctionReference<"mutation">(FUNCTION_NAMES.recordDeployment), {
    ...{
      appName: "web",
      environment: "production",
      token: LEDGER_TOKEN,
      buildId,
      version: buildId,
    },
    ...{ gitCommit: buildId, buildNumber: 1, buildTime: 1, ...change },
  });
}
