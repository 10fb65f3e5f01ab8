/**
 * Random frames and bodies against the real process: it stays up, and serves the others.
 * TIDELINE_SEED=<number> sends other ones.
 */
import { randomUUID } from "node:crypto";
import { FUNCTION_NAMES } from "@tideline/version";
import { ConvexHttpClient } from "convex/browser";
import { afterAll, beforeAll, expect, it } from "vitest";
import { connectRaw, mutation } from "../../../embedded/bench/support/raw-client.js";
import { LedgerProcess, TOKEN } from "../crash/ledger-process.js";
import { historyOf, recordOf } from "../crash/recordings.js";
import { type Random, seededRandom } from "../interleavings/random.js";
import { WITNESS_APP, Witness } from "./witness.js";

const SEED = Number(process.env.TIDELINE_SEED ?? 20_261_120);
const FRAMES = 5_000;
const REQUESTS = 1_500;

let server: LedgerProcess;
let witness: Witness;
beforeAll(async () => {
  server = await LedgerProcess.start();
  witness = new Witness(server.url);
});
afterAll(async () => {
  await witness.close();
  await server.dispose();
});

/** The request that asks whether everything before it was dealt with. */
const LAST_REQUEST = 1_000_000;
interface Answer {
  readonly type: string;
  readonly requestId?: number;
}

const PATHS = [
  ...Object.values(FUNCTION_NAMES),
  "deployments:expirePendingBuild",
  "deployments",
  "_system/cli/tables",
  "_system/cli/tableData",
  "http:default",
  "schema:default",
  "../deployments:listTargets",
  ":",
  "",
  "__proto__:constructor",
];
const WORDS = ["", "web", "production", TOKEN, "__proto__", "\u0000", "\ud800", "é".repeat(9_000)];
const FIELDS = [
  ..."appName environment version gitCommit buildNumber buildTime buildId token notes".split(" "),
  ..."paginationOpts numItems cursor $integer $float $bytes $commitTs __proto__ toJSON".split(" "),
  ..."requestId udfPath args queryId modifications baseVersion newVersion type journal".split(" "),
  ..."sessionId maxObservedTimestamp tokenType value impersonating componentPath".split(" "),
  ..."path format queries changes name ts".split(" "),
];

/** Any JSON value, often one with a meaning. */
function anyValue(random: Random, depth = 0): unknown {
  const kind = random.whole(depth > 3 ? 6 : 9);
  if (kind === 0) return null;
  if (kind === 1) return random.chance(0.5);
  if (kind === 2) return random.pick([0, -1, 0.5, 2 ** 53, -0, 1e308, random.whole(100)]);
  if (kind === 3) return random.pick(PATHS);
  if (kind < 6) return random.pick(WORDS);
  if (kind < 7) return Array.from({ length: random.whole(4) }, () => anyValue(random, depth + 1));
  return Object.fromEntries(
    Array.from({ length: random.whole(6) }, () => [
      random.pick(FIELDS),
      anyValue(random, depth + 1),
    ]),
  );
}

/** A record with some of its fields spoiled. */
function spoiledRecord(random: Random): object {
  return { ...recordOf("fuzz", `build-${random.whole(20)}`), ...spoil(random) };
}

function spoil(random: Random): object {
  return random.chance(0.5) ? {} : { [random.pick(FIELDS)]: anyValue(random) };
}

function anyArgs(random: Random): unknown {
  const target = { appName: random.pick(["fuzz", WITNESS_APP]), environment: "production" };
  return random.pick<() => unknown>([
    () => [spoiledRecord(random)],
    () => [{ ...target, ...spoil(random) }],
    () => [{}],
    () => anyValue(random),
  ])();
}

/** A message of the protocol with one thing wrong, or none. */
function anyFrame(random: Random, sent: number, queries: { version: number }): string | Buffer {
  const udfPath = random.pick(PATHS);
  const args = random.chance(0.9) ? [anyArgs(random)].flat() : anyArgs(random);
  const call = () => ({
    ...{ type: random.pick(["Mutation", "Mutation", "Action"]), udfPath, args },
    requestId: random.chance(0.9) ? sent : 0,
  });
  const querySet = () => ({
    type: "ModifyQuerySet",
    baseVersion: random.chance(0.95) ? queries.version - 1 : random.whole(3),
    newVersion: queries.version,
    modifications: Array.from({ length: random.whole(3) }, () => ({
      ...{ type: random.chance(0.95) ? "Add" : "Remove", queryId: random.whole(1_000) },
      ...{ udfPath, args, journal: random.pick([null, "", "journal", TOKEN]) },
    })),
  });
  const authenticate = () => ({
    ...{ type: "Authenticate", baseVersion: random.whole(2), value: random.pick(WORDS) },
    tokenType: random.pick(["None", "User", "Admin", "Other"]),
  });
  const event = () => ({ type: "Event", eventType: "any", event: anyValue(random) });
  const other = () => ({ type: random.pick([...WORDS, "Connect"]), sessionId: randomUUID() });
  const isAboutQueries = random.chance(0.3);
  if (isAboutQueries) queries.version += 1;
  const frame = isAboutQueries
    ? querySet()
    : random.pick([call, call, call, call, call, call, event, event, authenticate, other])();
  const text = JSON.stringify(random.chance(0.1) ? { ...frame, ...spoil(random) } : frame);
  if (random.chance(0.02)) return text.slice(0, random.whole(text.length));
  if (random.chance(0.01)) return Buffer.from(text);
  if (random.chance(0.01)) return JSON.stringify(anyValue(random));
  return text;
}

it(`${FRAMES} random frames, seed ${SEED}: the server stays up and serves the others`, async () => {
  const random = seededRandom(SEED);
  const answers = new Map<string, number>();
  let connections = 0;
  for (let sent = 0; sent < FRAMES; connections += 1) {
    const client = await connectRaw(server.url, { silent: random.chance(0.05) });
    const settled = new Promise<void>((resolve) => {
      client.webSocket.on("message", (data) => {
        const { type, requestId } = JSON.parse(String(data)) as Answer;
        answers.set(type, (answers.get(type) ?? 0) + 1);
        if (requestId === LAST_REQUEST) resolve();
      });
      void client.closed().then(() => resolve());
    });
    const queries = { version: 0 };
    for (let left = 1 + random.whole(12); left > 0; left -= 1) {
      client.send(anyFrame(random, sent, queries));
      sent += 1;
    }
    // Every third is gone before it is answered; the others wait until all they said is dealt with.
    if (random.whole(3) > 0) {
      client.send(mutation(LAST_REQUEST, "deployments:nowhere", {}));
      await settled;
    }
    client.webSocket.terminate();
    if (connections % 25 === 0) await witness.round();
  }
  await witness.round();
  expect(server.isAlive).toBe(true);
  console.log(
    `fuzz: seed ${SEED}, ${FRAMES} frames over ${connections} connections, answered by ${JSON.stringify([...answers])}`,
  );
  // A server that only hangs up would pass, too.
  for (const type of ["Transition", "MutationResponse", "ActionResponse", "FatalError"]) {
    expect(answers.get(type), type).toBeGreaterThan(50);
  }
}, 120_000);

it(`${REQUESTS} random requests, seed ${SEED}: each is answered, none with a fault of the server`, async () => {
  const random = seededRandom(SEED + 1);
  const routes = ["query", "mutation", "action", "function", "query_at_ts", "query_batch"];
  const statuses = new Map<number, number>();
  for (let sent = 0; sent < REQUESTS; sent += 1) {
    const route = random.pick([...routes, "update_environment_variables", "nowhere", "run/a/b"]);
    const call = {
      ...{ path: random.pick(PATHS), args: anyArgs(random) },
      ...{ format: random.pick(["json", "convex_encoded_json", null, "xml"]) },
    };
    const shape = random.pick<() => unknown>([
      () => call,
      () => call,
      () => ({ queries: [call, anyValue(random)] }),
      () => anyValue(random),
    ])();
    const text = JSON.stringify(shape);
    const body = random.chance(0.05) ? text.slice(0, random.whole(text.length)) : text;
    const init = { method: "POST", body, headers: { "Content-Type": "application/json" } };
    const response = await fetch(`${server.url}/api/${route}`, init);
    const answer = await response.text();
    statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
    expect(response.status, `${route} ${body.slice(0, 2_000)} -> ${answer}`).toBeLessThan(500);
    if (sent % 100 === 0) await witness.round();
  }
  expect(server.isAlive).toBe(true);
  console.log(
    `fuzz over HTTP: seed ${SEED}, ${REQUESTS} requests, statuses ${JSON.stringify([...statuses].sort())}`,
  );
}, 120_000);

it("what was recorded in between is all there, and no fault of the server was logged", async () => {
  const http = new ConvexHttpClient(server.url, { logger: false });
  expect(await historyOf(http, WITNESS_APP)).toHaveLength(witness.rounds);
  expect(server.output).not.toMatch(/Connection closed: |Request .* failed: /);
});
