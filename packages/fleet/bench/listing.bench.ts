/**
 * What it costs to learn one ref of a remote that has 20,000, beside `git ls-remote` of the same.
 *
 *   npm run bench -- fleet/bench/listing            40 of each
 *   npm run bench -- fleet/bench/listing --quick    8
 *
 * Ends with status 1 if one ref takes 1 kB or more in either direction, or more than git takes.
 *
 * A real repository behind git's own `http-backend`; the bytes are counted at the server's sockets,
 * heads of requests and answers included, for ours and for git alike. In turns: one branch, one tag,
 * and all the tags.
 *
 * How it could mislead: a process of git has to start each time and ours does not, which is most of
 * the difference in time; the server starts one for each request of either. Over a network the two
 * round trips decide, and both have two. On https the handshake is some kB more, for both alike.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { GitHostRig } from "@tideline/testing/git-host-rig";
import { median, printTable } from "../../embedded/bench/support/table.js";
import { GIT_ENV } from "../../testing/src/git-rig.js";
import { connectRemote } from "../src/detect/git-remote.js";
import { listRefs } from "../src/detect/list-refs.js";

const REFS = 20_000;
const LIMIT_BYTES = 1_000;
const ROUNDS = process.argv.includes("--quick") ? 8 : 40;

/** What is asked, in the words of each. */
const QUESTIONS = [
  { name: "one branch", prefix: "refs/heads/main", expected: 1, isLimited: true },
  { name: "one tag", prefix: "refs/tags/v0.0.12345", expected: 1, isLimited: true },
  { name: "all tags", prefix: "refs/tags/v", expected: REFS, isLimited: false },
] as const;

type Question = (typeof QUESTIONS)[number];

interface Cost {
  /** From the remote. */
  readonly received: number;
  /** To the remote. */
  readonly sent: number;
  readonly ms: number;
}

const rig = await GitHostRig.start();
try {
  const repository = await rig.addRepository("many");
  await repository.addManyTags(REFS, await repository.commit("one"));
  const { url } = repository;
  const rows: string[][] = [];
  for (const question of QUESTIONS) {
    const [ours, gits]: [Cost[], Cost[]] = [[], []];
    // The first round warms caches and does not count.
    for (let round = -1; round < ROUNDS; round++) {
      const one = await cost(() => askOurs(url, question), question);
      const other = await cost(() => askGit(url, question), question);
      if (round < 0) continue;
      ours.push(one);
      gits.push(other);
    }
    rows.push(...report(question, ours, gits));
  }
  console.log(`\nRefs of ${(REFS + 1).toLocaleString("en")} (median of ${ROUNDS})`);
  printTable(["", "bytes from it", "bytes to it", "ms"], rows);
} finally {
  await rig.close();
}

async function cost(ask: () => Promise<number>, { name, expected }: Question): Promise<Cost> {
  const before = rig.wireBytes();
  const startedAt = performance.now();
  const found = await ask();
  const ms = performance.now() - startedAt;
  const after = rig.wireBytes();
  if (found !== expected) throw new Error(`Cannot measure: ${found} refs for ${name}`);
  return { received: after.sent - before.sent, sent: after.received - before.received, ms };
}

async function askOurs(url: string, { prefix }: Question): Promise<number> {
  const { signal } = new AbortController();
  const world = { fetch, now: Date.now, signal, log: () => {} };
  const refs = await listRefs(await connectRemote(url, world), [prefix], world);
  return refs.length;
}

async function askGit(url: string, { prefix, expected }: Question): Promise<number> {
  const pattern = expected === 1 ? prefix : `${prefix}*`;
  const { stdout } = await promisify(execFile)("git", ["ls-remote", url, pattern], {
    env: { ...process.env, ...GIT_ENV },
    maxBuffer: 16 * 1024 * 1024,
  });
  return stdout.trim().split("\n").length;
}

function report({ name, isLimited }: Question, ours: readonly Cost[], gits: readonly Cost[]) {
  const keys = ["received", "sent", "ms"] as const;
  const middle = (costs: readonly Cost[], key: keyof Cost) => median(costs.map((one) => one[key]));
  const figure = (costs: readonly Cost[]) => (key: keyof Cost) =>
    middle(costs, key).toFixed(key === "ms" ? 1 : 0);
  const ratios = keys.map((key) => middle(ours, key) / middle(gits, key));
  const limits = keys.map((key, at) => {
    if (!isLimited || key === "ms") return "";
    const isMissed = middle(ours, key) >= LIMIT_BYTES || (ratios[at] ?? 0) > 1;
    if (isMissed) process.exitCode = 1;
    return `< ${LIMIT_BYTES.toLocaleString("en")}, <= 1.00${isMissed ? ", MISSED" : ""}`;
  });
  return [
    [name, ...keys.map(figure(ours))],
    ["  git ls-remote", ...keys.map(figure(gits))],
    ["  beside git", ...ratios.map((ratio) => ratio.toFixed(2))],
    ...(isLimited ? [["  limit", ...limits]] : []),
  ];
}
