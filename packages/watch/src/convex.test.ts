import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type RunningServer, startServer } from "@tideline/embedded";
import { FUNCTION_NAMES, type LatestDeployment } from "@tideline/version";
import { ConvexClient, ConvexHttpClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { type ConnectionState, convexSource, openConvexSource } from "./convex.js";

const QUERY = { appName: "web", environment: "production", buildId: "a1" };
const token = "a-token-for-this-test";
let folder: string;
let server: RunningServer;
let client: ConvexClient;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tideline-watch-"));
  server = await startServer({
    dir: fileURLToPath(new URL("../../../convex", import.meta.url)),
    data: folder,
    port: 0,
    sitePort: 0,
    env: { TIDELINE_RECORD_TOKEN: token },
    log: () => {},
  });
  client = new ConvexClient(server.url, {
    webSocketConstructor: WebSocket as unknown as typeof globalThis.WebSocket,
    unsavedChangesWarning: false,
  });
});
afterAll(async () => {
  await client.close();
  await server.close();
  await rm(folder, { recursive: true });
});

async function record(buildId: string): Promise<void> {
  await new ConvexHttpClient(server.url).mutation(
    makeFunctionReference<"mutation">(FUNCTION_NAMES.recordDeployment),
    {
      ...{ appName: QUERY.appName, environment: QUERY.environment, token, buildId },
      ...{ version: buildId, gitCommit: buildId, buildNumber: 1, buildTime: 1 },
    },
  );
}

test("convexSource() tells what is live, then every change, and answers a question of its own", async () => {
  const source = convexSource(client);
  const heard: (LatestDeployment | null | undefined)[] = [];
  let wake = () => {};
  const hears = async (count: number) => {
    while (heard.length < count) await new Promise<void>((resolve) => (wake = resolve));
  };
  const stop = source.subscribe(
    QUERY,
    (latest) => {
      heard.push(latest);
      wake();
    },
    (error) => expect.unreachable(error.message),
  );
  await hears(1);
  expect(heard).toEqual([null]);

  await record("a1");
  await hears(2);
  expect(heard[1]?.buildId).toBe("a1");

  stop();
  await record("b2");
  expect((await source.check?.(QUERY))?.clientBuild).toEqual({
    state: "known",
    firstEpoch: 1,
    lastEpoch: 1,
  });
  expect(heard).toHaveLength(2);
});

test("convexSource() says which function is missing", async () => {
  const source = convexSource(
    client,
    FUNCTION_NAMES.watchLatestDeployment.replace("watch", "guess"),
  );
  const error = await new Promise<Error>((resolve) => {
    source.subscribe(QUERY, () => expect.unreachable(), resolve);
  });
  expect(error.message).toContain("deployments:guessLatestDeployment");
});

test("openConvexSource() is live with the first answer, on a client of its own", async () => {
  const connection = openConvexSource(server.url);
  expect(connection.state()).toBe("connecting");
  await new Promise((resolve, reject) => {
    connection.source.subscribe(QUERY, resolve, reject);
  });
  expect(connection.state()).toBe("live");
  await connection.close();
});

test("openConvexSource() says so when nobody answers there", async () => {
  // The discard port: nobody listens there.
  const connection = openConvexSource("http://127.0.0.1:9");
  connection.source.subscribe(
    QUERY,
    () => expect.unreachable(),
    (error) => expect.unreachable(error.message),
  );
  const told = await new Promise<ConnectionState>((resolve) => {
    connection.onStateChange(resolve);
  });
  expect(told).toBe("away");
  await connection.close();
});
