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

/** Operates, reads (as a machine), views (as a person) and joins the fleet on it. */
export const FLEET_TOKENS = {
  operator: "an-operator-for-these-tests",
  read: "a-reader-for-these-tests",
  view: "a-viewer-for-these-tests",
  enrol: "an-enrolment-for-these-tests",
} as const;

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
  #sitePort = 0;
  readonly #settings: Readonly<Record<string, string>>;
  /** A temporary folder, for files of a test too. */
  readonly folder: string;

  private constructor(folder: string, settings: Readonly<Record<string, string>>) {
    this.folder = folder;
    this.#settings = settings;
  }

  /**
   * An empty ledger that runs.
   *
   * @param settings More variables of the deployment, as TIDELINE_WEBHOOK_SECRETS and
   *   TIDELINE_ROLLOUT_POLICY.
   */
  static async create(settings: Readonly<Record<string, string>> = {}): Promise<LedgerRig> {
    const folder = await mkdtemp(join(tmpdir(), "tideline-ledger-"));
    const rig = new LedgerRig(folder, settings);
    await rig.start();
    return rig;
  }

  /** The same while it is down. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Where its HTTP routes are: `/webhook/<subsystem>` and the like; the same while it is down. */
  get siteUrl(): string {
    return `http://127.0.0.1:${this.#sitePort}`;
  }

  async start(): Promise<void> {
    this.#server = await this.#listen(this.#port, this.#sitePort);
    this.#port = Number(new URL(this.#server.url).port);
    this.#sitePort = Number(new URL(this.#server.siteUrl).port);
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
    const elsewhere = await this.#listen(0, 0);
    await recordAt(elsewhere.url, buildId, change);
    await elsewhere.close();
  }

  async dispose(): Promise<void> {
    await this.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  #listen(port: number, sitePort: number): Promise<RunningServer> {
    return startServer({
      ...{ dir: CONVEX, data: join(this.folder, "data"), port, sitePort },
      env: {
        TIDELINE_RECORD_TOKEN: LEDGER_TOKEN,
        TIDELINE_FLEET_TOKEN: FLEET_TOKENS.operator,
        TIDELINE_FLEET_READ_TOKEN: FLEET_TOKENS.read,
        TIDELINE_FLEET_VIEW_TOKEN: FLEET_TOKENS.view,
        TIDELINE_FLEET_ENROL_TOKEN: FLEET_TOKENS.enrol,
        ...this.#settings,
      },
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
