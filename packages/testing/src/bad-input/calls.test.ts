/** Arguments that make no sense, over the socket and over HTTP, to the real process. */
import type { RecordAnswer } from "@tideline/version";
import { FUNCTION_NAMES } from "@tideline/version";
import { ConvexClient, ConvexHttpClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import { ConvexError } from "convex/values";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LedgerProcess } from "../crash/ledger-process.js";
import { historyOf, recordOf } from "../crash/recordings.js";
import { WITNESS_APP, Witness } from "./witness.js";

type Args = Record<string, unknown>;
interface Caller {
  query(path: string, args: Args): Promise<unknown>;
  mutation(path: string, args: Args): Promise<unknown>;
}

let server: LedgerProcess;
let witness: Witness;
let socket: ConvexClient;
let http: ConvexHttpClient;
beforeAll(async () => {
  server = await LedgerProcess.start();
  witness = new Witness(server.url);
  socket = new ConvexClient(server.url, { logger: false });
  http = new ConvexHttpClient(server.url, { logger: false });
});
afterAll(async () => {
  await socket.close();
  await witness.close();
  await server.dispose();
});

const CALLERS: readonly [string, Caller][] = [
  [
    "over the socket",
    {
      query: (path, args) => socket.query(makeFunctionReference<"query">(path), args),
      mutation: (path, args) => socket.mutation(makeFunctionReference<"mutation">(path), args),
    },
  ],
  [
    "over HTTP",
    {
      query: (path, args) => http.query(makeFunctionReference<"query">(path), args),
      mutation: (path, args) => http.mutation(makeFunctionReference<"mutation">(path), args),
    },
  ],
];

/** What a call fails with: the ledger's own data, or the server's sentence. */
async function failureOf(call: Promise<unknown>): Promise<{ code: string; message: string }> {
  const error = await call.then(
    (answer) => expect.fail(`expected an error, got ${JSON.stringify(answer)}`),
    (reason: unknown) => reason,
  );
  if (error instanceof ConvexError) return error.data as { code: string; message: string };
  return { code: "", message: error instanceof Error ? error.message : String(error) };
}

const UNKNOWN = { appName: "nobody", environment: "production" };

describe.each(CALLERS)("%s", (way, caller) => {
  const { recordDeployment, watchLatestDeployment, listDeployments } = FUNCTION_NAMES;

  it("an unknown app has no deployment and an empty history", async () => {
    expect(await caller.query(watchLatestDeployment, UNKNOWN)).toBeNull();
    expect(await caller.query(listDeployments, UNKNOWN)).toMatchObject({ page: [], isDone: true });
  });

  it.each<[string, Args, string, RegExp]>([
    ["an empty app", { appName: "" }, "INVALID_ARGUMENT", /expected appName .*got ""$/],
    ["an empty environment", { environment: "" }, "INVALID_ARGUMENT", /environment .*got ""$/],
    ["an empty version", { version: "" }, "INVALID_ARGUMENT", /expected version .*got ""$/],
    ["an empty commit", { gitCommit: "" }, "INVALID_ARGUMENT", /expected gitCommit .*got ""$/],
    ["an empty build id", { buildId: "" }, "INVALID_ARGUMENT", /expected buildId .*got ""$/],
    ["an empty key", { idempotencyKey: "" }, "INVALID_ARGUMENT", /idempotencyKey .*got ""$/],
    [
      "10 MB of notes",
      { notes: "n".repeat(10 * 1024 * 1024) },
      "INVALID_ARGUMENT",
      /notes of at most 4096 bytes, got "n{80}"… \(10485760 characters\)$/,
    ],
    [
      "buildNumber NaN",
      { buildNumber: Number.NaN },
      "INVALID_ARGUMENT",
      /expected buildNumber as a whole number .*got NaN$/,
    ],
    [
      "a wrong token",
      { token: "not-the-record-token-0123" },
      "UNAUTHENTICATED",
      /the record token is not one of those in TIDELINE_RECORD_TOKEN$/,
    ],
    ["an empty token", { token: "" }, "UNAUTHENTICATED", /expected the record token, got none$/],
    ["no token", { token: undefined }, "UNAUTHENTICATED", /expected the record token, got none$/],
    ["a text as buildNumber", { buildNumber: "7" }, "", /ArgumentValidationError: .*buildNumber/s],
    ["a field too many", { price: 3 }, "", /ArgumentValidationError: .*extra field `price`/s],
    [
      "18 MB of notes",
      { notes: "n".repeat(18 * 1024 * 1024) },
      "",
      /Arguments for deployments\.js:recordDeployment are too large \(actual: 18\.0 MiB, limit: 16 MiB\)/,
    ],
  ])("%s is refused in one sentence and leaves nothing", async (_what, wrong, code, message) => {
    const appName = `bad-${way.replace("over ", "").replace("the ", "")}`;
    const args = { ...recordOf(appName, "build-bad"), ...wrong };
    const failure = await failureOf(caller.mutation(recordDeployment, args));
    expect(failure.code).toBe(code);
    expect(failure.message).toMatch(message);
    expect(failure.message).not.toContain("not-the-record-token");
    // Convex names the whole validator; what was sent is never repeated whole.
    expect(failure.message.length).toBeLessThan(2_000);
    expect(await historyOf(http, appName)).toEqual([]);
    expect(await caller.query(watchLatestDeployment, { ...UNKNOWN, appName })).toBeNull();
    await witness.round();
  });

  it("a page of NaN rows, or with a cursor that is none, is refused", async () => {
    const list = (paginationOpts: Args) =>
      failureOf(caller.query(listDeployments, { ...UNKNOWN, paginationOpts }));
    expect(await list({ numItems: Number.NaN, cursor: null })).toEqual({
      code: "INVALID_ARGUMENT",
      message: "Cannot list deployments: expected numItems of at least 1, got NaN",
    });
    expect(await list({ numItems: 5, cursor: "nonsense" })).toMatchObject({
      isConvexSystemError: true,
      paginationError: "InvalidCursor",
    });
    await witness.round();
  });

  it("a function that is not there is named", async () => {
    const failure = await failureOf(caller.query("deployments:nowhere", {}));
    expect(failure.message).toMatch(/Could not find public function for 'deployments:nowhere'/);
    await witness.round();
  });

  it("without TIDELINE_RECORD_TOKEN nobody records, and the sentence says what to set", async () => {
    const token = recordOf("x", "x").token as string;
    await server.setVariables({ TIDELINE_RECORD_TOKEN: null });
    for (const shown of [token, "", undefined]) {
      const args = { ...recordOf("unset", "build-a"), token: shown };
      expect(await failureOf(caller.mutation(recordDeployment, args))).toEqual({
        code: "RECORDING_NOT_CONFIGURED",
        message: expect.stringContaining("npx convex env set TIDELINE_RECORD_TOKEN"),
      });
    }
    expect(await historyOf(http, "unset")).toEqual([]);
    await server.setVariables({ TIDELINE_RECORD_TOKEN: token });
    await witness.round();
  });
});

it("after all of it the history of the others is whole, and the log shows no token", async () => {
  expect(await historyOf(http, WITNESS_APP)).toHaveLength(witness.rounds);
  const answer = (await http.mutation(
    makeFunctionReference<"mutation">(FUNCTION_NAMES.recordDeployment),
    recordOf("web", "build-good"),
  )) as RecordAnswer;
  expect(answer).toMatchObject({ ok: true, epoch: 1 });
  expect(server.output).toMatch(/^Mutation "deployments:recordDeployment" failed: /m);
  expect(server.output).not.toMatch(/record-token-0123|n{200}/);
});
