/** The well-behaved client beside a bad one: what it is told says whether the others are served. */
import type { LatestDeployment, RecordAnswer } from "@tideline/version";
import { FUNCTION_NAMES } from "@tideline/version";
import { ConvexClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import { recordOf } from "../crash/recordings.js";

const record = makeFunctionReference<"mutation", Record<string, unknown>, RecordAnswer>(
  FUNCTION_NAMES.recordDeployment,
);
const watchLatest = makeFunctionReference<
  "query",
  { appName: string; environment: string },
  LatestDeployment | null
>(FUNCTION_NAMES.watchLatestDeployment);

const APP = "witness";

export class Witness {
  readonly #client: ConvexClient;
  #rounds = 0;
  #told: string | null = null;
  #wake: () => void = () => {};

  constructor(url: string) {
    this.#client = new ConvexClient(url, { logger: false });
    this.#client.onUpdate(watchLatest, { appName: APP, environment: "production" }, (latest) => {
      this.#told = latest?.buildId ?? null;
      this.#wake();
    });
  }

  /**
   * Records a deployment and waits until its own live query tells of it.
   *
   * @returns How long that took, in ms.
   */
  async round(): Promise<number> {
    const startedAt = performance.now();
    this.#rounds += 1;
    const buildId = `witness-${this.#rounds}`;
    const answer = await this.#client.mutation(record, recordOf(APP, buildId));
    if (!answer.ok) throw new Error(`The witness was refused: ${answer.message}`);
    while (this.#told !== buildId) {
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
    }
    return performance.now() - startedAt;
  }

  /** How many deployments it has recorded: as many rows has its app's history. */
  get rounds(): number {
    return this.#rounds;
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}

/** The app of the witness, whose history must hold every one of its rounds. */
export const WITNESS_APP = APP;
