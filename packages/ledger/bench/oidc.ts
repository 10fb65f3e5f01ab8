/**
 * What it costs to record by the token of a workflow run: the verification against `jose` alone with
 * a key at hand, and the whole POST against a plain recordDeployment mutation.
 *
 *   npm run bench -- oidc            2,000 tokens, 400 records of each kind
 *   npm run bench -- oidc --quick    200 and 50
 *
 * How it could mislead: everything runs on loopback in one process, so the client's own work (and
 * the making of tokens, which is not timed) shares the processor with the server's. The kinds take
 * turns, one call at a time, so nothing waits for anything; a busy server adds its queue. A record
 * waits for the disk, which hides part of what a slower processor would show.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startServer } from "@tideline/embedded";
import { ConvexHttpClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import { importJWK, jwtVerify } from "jose";
import { median, printTable } from "../../embedded/bench/support/table.js";
import { OidcIssuer, RUN_SHA } from "../../testing/src/oidc/issuer.js";
import type { KeySource } from "../src/github/find-key.js";
import { findKey } from "../src/github/find-key.js";
import { verifyToken } from "../src/github/verify-token.js";

const LIMIT_MS = 20;
const TOKEN = "bench-record-token-0123456789";
const isQuick = process.argv.includes("--quick");
const tokens = isQuick ? 200 : 2_000;
const records = isQuick ? 50 : 400;
const WARM_UP = 30;

const issuer = await OidcIssuer.start();
const folder = await mkdtemp(join(tmpdir(), "tideline-bench-"));
try {
  await measureVerification();
  await measureRecords();
} finally {
  await issuer.close();
  await rm(folder, { recursive: true, force: true });
}

async function measureVerification(): Promise<void> {
  issuer.audience = "https://a.convex.site";
  const { keys } = JSON.parse(issuer.jwks()) as { keys: [{ kid: string; n: string; e: string }] };
  const key = await importJWK({ kty: "RSA", ...keys[0] }, "RS256");
  const expected = { issuer: issuer.url, audience: issuer.audience };
  const row = { keys, fetchedAt: Date.now(), triedAt: Date.now(), attempt: "done" as const };
  const impossible = () => Promise.reject(new Error("Keys are warm"));
  const source: KeySource = {
    issuer: issuer.url,
    read: async () => row,
    ...{ claimFetch: impossible, fetchKeys: impossible, settleFetch: impossible },
    now: () => Date.now(),
    wait: impossible,
  };
  const bare = (token: string) => jwtVerify(token, key, { ...expected, algorithms: ["RS256"] });
  const ours = (token: string) =>
    verifyToken(token, { ...expected, now: Date.now() }, (kid) => findKey(kid, source));

  const times = await takeTurns(
    tokens,
    [bare, ours].map((verify) => async () => {
      const token = issuer.token();
      return () => verify(token);
    }),
  );
  print(
    `Verification of ${tokens} tokens each, keys warm`,
    times,
    ["jose alone, key at hand", "verifyToken, key by kid from its row"],
    LIMIT_MS,
  );
}

async function measureRecords(): Promise<void> {
  const server = await startServer({
    dir: fileURLToPath(new URL("../../../convex", import.meta.url)),
    ...{ data: folder, port: 0, sitePort: 0, log: () => {} },
    env: {
      TIDELINE_RECORD_TOKEN: TOKEN,
      TIDELINE_GITHUB_ISSUER: issuer.url,
      TIDELINE_GITHUB_TRUST: JSON.stringify([
        { repository_id: 1001, repository_owner_id: 2002, ref: "refs/heads/main" },
      ]),
    },
  });
  issuer.audience = server.siteUrl;
  const client = new ConvexHttpClient(server.url, { logger: false });
  const mutation = makeFunctionReference<"mutation">("deployments:recordDeployment");
  let builds = 0;
  const record = (appName: string) => {
    builds += 1;
    return {
      ...{ appName, environment: "production", version: `1.0.${builds}`, gitCommit: RUN_SHA },
      ...{ buildId: `build-${builds}`, buildNumber: builds, buildTime: 0 },
    };
  };
  const post = (appName: string, bearer: () => string) => async () => {
    const body = JSON.stringify({ action: "finish", ...record(appName) });
    const token = bearer();
    return async () => {
      const response = await fetch(`${server.siteUrl}/deployments`, {
        method: "POST",
        headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
        body,
      });
      if (response.status !== 200) throw new Error(await response.text());
      await response.arrayBuffer();
    };
  };
  const times = await takeTurns(records, [
    async () => {
      const args = { ...record("mutation"), token: TOKEN };
      return () => client.mutation(mutation, args);
    },
    post("record-token", () => TOKEN),
    post("run", () => issuer.token()),
  ]);
  await server.close();
  print(
    `${records} records each, through the embedded server`,
    times,
    [
      "recordDeployment by ConvexHttpClient",
      "POST /deployments, record token",
      "POST /deployments, a run's token",
    ],
    null,
  );
}

/** Times what each kind prepares, one after the other in turns; the first rounds do not count. */
async function takeTurns(
  count: number,
  kinds: readonly (() => Promise<() => Promise<unknown>>)[],
): Promise<number[][]> {
  const times: number[][] = kinds.map(() => []);
  for (let round = -WARM_UP; round < count; round += 1) {
    for (const [index, prepare] of kinds.entries()) {
      const run = await prepare();
      const startedAt = performance.now();
      await run();
      if (round >= 0) times[index]?.push(performance.now() - startedAt);
    }
  }
  return times;
}

function print(
  title: string,
  times: readonly number[][],
  names: readonly string[],
  limitMs: number | null,
): void {
  const p95 = (values: readonly number[]) =>
    values.toSorted((left, right) => left - right)[Math.floor(values.length * 0.95)] ?? Number.NaN;
  const floor = times[0] ?? [];
  console.log(`\n${title}`);
  printTable(
    ["", "median ms", "ratio", "p95 ms", "ratio"],
    [
      ...names.map((name, index) => {
        const values = times[index] ?? [];
        return [
          name,
          median(values).toFixed(3),
          (median(values) / median(floor)).toFixed(2),
          p95(values).toFixed(3),
          (p95(values) / p95(floor)).toFixed(2),
        ];
      }),
      ...(limitMs === null ? [] : [["limit", "", "", `< ${limitMs}`, ""]]),
    ],
  );
}
