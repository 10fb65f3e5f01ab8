/**
 * The server of the real ledger, killed again and again in the middle of recordings.
 * TIDELINE_SEED=<number> kills it at other moments.
 */
import type { LatestDeployment, RecordAnswer } from "@tideline/version";
import { FUNCTION_NAMES, judge, parseBuildId } from "@tideline/version";
import { ConvexClient, type ConvexClientOptions, ConvexHttpClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import { ConvexError } from "convex/values";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { seededRandom } from "../interleavings/random.js";
import { LedgerProcess } from "./ledger-process.js";
import { historyOf, recordOf } from "./recordings.js";
import { Tally } from "./tally.js";

const SEED = Number(process.env.TIDELINE_SEED ?? 20_261_120);
const CLIENTS = 8;
const RECORDINGS = 1_000;
/** How many recordings a client has under way, so that a kill meets some of each. */
const LANES = 5;
const APPS = ["web", "admin", "marketing"];

const record = makeFunctionReference<"mutation", Record<string, unknown>, RecordAnswer>(
  FUNCTION_NAMES.recordDeployment,
);
const watchLatest = makeFunctionReference<
  "query",
  { appName: string; environment: string; buildId: string },
  LatestDeployment | null
>(FUNCTION_NAMES.watchLatestDeployment);

let server: LedgerProcess;
let http: ConvexHttpClient;
let closers: (() => Promise<void>)[];
beforeEach(async () => {
  closers = [];
  server = await LedgerProcess.start({ variables: { TIDELINE_HISTORY_LIMIT: "5000" } });
  http = new ConvexHttpClient(server.url, { logger: false });
});
afterEach(async () => {
  for (const close of closers) await close();
  await server.dispose();
});

function connect(options: ConvexClientOptions = {}): ConvexClient {
  const client = new ConvexClient(server.url, { logger: false, ...options });
  closers.push(() => client.close());
  return client;
}

/** One open page: what it was built as, and every answer it was told. */
class Tab {
  readonly appName: string;
  readonly buildId: string;
  readonly answers: (LatestDeployment | null)[] = [];
  #wake: () => void = () => {};

  constructor(appName: string, buildId: string) {
    this.appName = appName;
    this.buildId = buildId;
    connect().onUpdate(watchLatest, { appName, environment: "production", buildId }, (answer) => {
      this.answers.push(answer);
      this.#wake();
    });
  }

  get epochs(): number[] {
    return this.answers.map((answer) => answer?.epoch ?? 0);
  }

  async hasHeardOf(epoch: number): Promise<LatestDeployment | null> {
    while ((this.epochs.at(-1) ?? -1) < epoch) {
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
    }
    return this.answers.at(-1) ?? null;
  }
}

/** One recording that a client makes. */
interface Script {
  readonly appName: string;
  readonly buildId: string;
  readonly hasKey: boolean;
}

describe(`kill -9 in the middle of ${RECORDINGS} recordings of ${CLIENTS} official clients, seed ${SEED}`, () => {
  it("loses no acknowledged one, doubles none, keeps each client's order, and the tabs end right", async () => {
    const random = seededRandom(SEED);
    const scripts = Array.from({ length: CLIENTS }, (_client, client) =>
      Array.from(
        { length: RECORDINGS / CLIENTS },
        (_none, number): Script => ({
          appName: random.pick(APPS),
          buildId: `build-${client}-${number}`,
          hasKey: random.chance(0.5),
        }),
      ),
    );
    // Twice in a row as well: the second time in the middle of everybody's coming back.
    const first = 60 + random.whole(200);
    const points = [first, first + 1, first + 20 + random.whole(200), 600 + random.whole(300)];
    const tabs = scripts.map((script) => {
      const { appName, buildId } = random.pick(script);
      return new Tab(appName, buildId);
    });

    const acknowledged = new Map<string, Extract<RecordAnswer, { ok: true }>>();
    const acknowledgements = new Tally();
    const recording = Promise.all(
      scripts.map(async (script) => {
        const client = connect();
        const rest = script.values();
        const lane = async (): Promise<void> => {
          for (const { appName, buildId, hasKey } of rest) {
            const key = hasKey ? { idempotencyKey: `key-${buildId}` } : {};
            const answer = await client.mutation(record, recordOf(appName, buildId, key));
            if (!answer.ok) throw new Error(`${buildId} was refused: ${answer.message}`);
            acknowledged.set(buildId, answer);
            acknowledgements.add();
          }
        };
        await Promise.all(Array.from({ length: LANES }, lane));
      }),
    );

    const killing = (async () => {
      for (const point of points) {
        await acknowledgements.reached(point);
        const promised = new Map(acknowledged);
        await server.restart("SIGKILL");
        const held = await rowsByBuild();
        for (const [buildId, answer] of promised) {
          expect(held.get(buildId), `${buildId}, acknowledged before the kill`).toBe(
            answer.deploymentId,
          );
        }
      }
    })();
    await Promise.all([recording, killing]);

    let rowCount = 0;
    for (const appName of APPS) {
      const rows = await historyOf(http, appName);
      rowCount += rows.length;
      const expected = scripts.flat().filter((script) => script.appName === appName);
      expect(rows.map((row) => row.buildId).sort()).toEqual(
        expected.map(({ buildId }) => buildId).sort(),
      );
      expect(rows.map(({ sequence, epoch, kind }) => [sequence, epoch, kind])).toEqual(
        rows.map((_row, index) => [index + 1, index + 1, "deploy"]),
      );
      for (const row of rows) {
        const answer = acknowledged.get(row.buildId);
        expect([answer?.deploymentId, answer?.epoch]).toEqual([row._id, row.epoch]);
      }
      for (const script of scripts) {
        const own = new Set(script.map(({ buildId }) => buildId));
        expect(rows.map((row) => row.buildId).filter((buildId) => own.has(buildId))).toEqual(
          script.filter((one) => one.appName === appName).map(({ buildId }) => buildId),
        );
      }
      expect(rows.filter((row) => row.status !== "replaced")).toEqual(rows.slice(-1));

      const live = rows.at(-1);
      for (const tab of tabs.filter((one) => one.appName === appName)) {
        const latest = await tab.hasHeardOf(live?.epoch ?? 0);
        expect(latest).toMatchObject({ buildId: live?.buildId, clientBuild: { state: "known" } });
        expect(judge({ buildId: parseBuildId(tab.buildId) }, latest, 0)).toMatchObject(
          tab.buildId === live?.buildId
            ? { kind: "current" }
            : { kind: "outdated", reason: "superseded" },
        );
        // No death ever turned a tab back to an older moment.
        expect(tab.epochs).toEqual([...tab.epochs].sort((a, b) => a - b));
      }
    }
    expect(rowCount).toBe(RECORDINGS);
    console.log(
      `crash: seed ${SEED}, killed after ${points.join(", ")} of ${RECORDINGS} acknowledgements, ` +
        `${rowCount} rows, tabs heard of ${tabs.map((tab) => tab.answers.length).join(", ")} moments`,
    );
  }, 300_000);
});

/** The deployment id of every build that the ledger holds. */
async function rowsByBuild(): Promise<Map<string, string>> {
  const histories = await Promise.all(APPS.map((appName) => historyOf(http, appName)));
  return new Map(histories.flat().map((row) => [row.buildId, row._id]));
}

describe("kill -9 after everything was recorded and no answer has arrived", () => {
  it("what the clients send again by themselves gets its first answer, without keys too", async () => {
    let isCutOff = true;
    /** A connection on which the server's words are lost for as long as it is cut off. */
    class LossyWebSocket extends WebSocket {
      override emit(event: string | symbol, ...args: unknown[]): boolean {
        if (event === "message" && isCutOff) return false;
        return super.emit(event, ...args);
      }
    }
    const perClient = 25;
    const tab = new Tab("web", "build-0-0");
    const answers = Array.from({ length: CLIENTS }, (_none, client) => {
      const deployer = connect({
        webSocketConstructor: LossyWebSocket as unknown as typeof globalThis.WebSocket,
      });
      return Array.from({ length: perClient }, (_one, number) =>
        deployer.mutation(record, recordOf("web", `build-${client}-${number}`)),
      );
    }).flat();
    await tab.hasHeardOf(answers.length);
    const before = await rowsByBuild();
    isCutOff = false;
    await server.restart("SIGKILL");

    const ids = new Map<string, string>();
    for (const answer of await Promise.all(answers)) {
      if (!answer.ok) throw new Error(answer.message);
      ids.set(answer.buildId, answer.deploymentId);
    }
    expect(ids).toEqual(before);
    expect(await historyOf(http, "web")).toHaveLength(CLIENTS * perClient);
  }, 60_000);
});

describe(`kill -9 while deployers record over plain HTTP, seed ${SEED}`, () => {
  it("asking again with the idempotency key records once, whatever the kill cut off", async () => {
    const random = seededRandom(SEED + 1);
    const perDeployer = 40;
    const points = [20 + random.whole(80), 150 + random.whole(80)];
    const acknowledgements = new Tally();
    const acknowledged = new Map<string, string>();
    let repeats = 0;

    const deploying = Promise.all(
      Array.from({ length: CLIENTS }, async (_none, deployer) => {
        const client = new ConvexHttpClient(server.url, { logger: false });
        for (let number = 0; number < perDeployer; number += 1) {
          const buildId = `http-${deployer}-${number}`;
          const args = recordOf("web", buildId, { idempotencyKey: `key-${buildId}` });
          const answer = await until(async () => await client.mutation(record, args));
          if (!answer.ok) throw new Error(`${buildId} was refused: ${answer.message}`);
          acknowledged.set(buildId, answer.deploymentId);
          acknowledgements.add();
        }
      }),
    );
    const killing = (async () => {
      for (const point of points) {
        await acknowledgements.reached(point);
        await server.restart("SIGKILL");
      }
    })();
    await Promise.all([deploying, killing]);

    // Asked once more, as by deployers that died before they could note the answer.
    for (const [buildId, deploymentId] of acknowledged) {
      const args = recordOf("web", buildId, { idempotencyKey: `key-${buildId}` });
      const answer = await http.mutation(record, args);
      expect(answer).toMatchObject({ ok: true, alreadyRecorded: true, deploymentId });
    }
    const rows = await historyOf(http, "web");
    expect(rows).toHaveLength(CLIENTS * perDeployer);
    expect(new Map(rows.map((row) => [row.buildId, row._id]))).toEqual(acknowledged);
    expect(repeats).toBeGreaterThan(0);
    console.log(
      `crash over HTTP: seed ${SEED}, killed after ${points.join(", ")} acknowledgements, ${repeats} calls repeated`,
    );

    /** Asks again when the server is back, as a CI job does that lost the answer. */
    async function until<Answer>(call: () => Promise<Answer>): Promise<Answer> {
      for (;;) {
        try {
          return await call();
        } catch (error) {
          if (error instanceof ConvexError || !(error instanceof TypeError)) throw error;
          repeats += 1;
          await server.running();
        }
      }
    }
  }, 180_000);
});
