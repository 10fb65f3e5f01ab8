import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { packTar } from "modern-tar";
import { expect, onTestFinished, test } from "vitest";
import { findProgram } from "../find-program.js";
import {
  type FileCall,
  findUnsafeStates,
  findUnsyncedFolders,
  readCalls,
  STRACE_OPTIONS,
} from "./system-calls.js";

const PROCESS = fileURLToPath(new URL("update-process.ts", import.meta.url));
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const run = promisify(execFile);

async function emptyFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "tideline-row-17-")));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

/** Runs a program under strace; null where that is impossible, which is said loudly. */
async function record(folder: string, program: readonly string[]): Promise<FileCall[] | null> {
  const trace = join(await emptyFolder(), "trace");
  try {
    const strace = await findProgram("strace", "that look at the order of system calls");
    await run(strace, [...STRACE_OPTIONS, "-o", trace, ...program]);
  } catch (error) {
    if (process.env.CI) throw error;
    process.stderr.write(`\n*** NOT TESTED: row 17, the order of system calls (${error}) ***\n\n`);
    return null;
  }
  return readCalls(await readFile(trace, "utf8"), folder);
}

test("row 17: no name promises a file before its bytes are on disk, and every rename is forced there", async (context) => {
  const folder = await emptyFolder();
  const live = join(folder, "nats");
  const [old, binary] = [randomBytes(50_000), randomBytes(300_000)];
  await writeFile(live, old, { mode: 0o755 });
  await writeFile(
    join(folder, ".version"),
    `commit: none\ntimestamp: 2026-01-01T00:00:00Z\nchecksum: ${sha256(old)}\n`,
  );
  const header = { name: "nats", type: "file", size: binary.length } as const;
  const archive = gzipSync(await packTar([{ header, body: binary }]));
  const server = createServer((_, response) => void response.end(archive));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const artifact = {
    urls: [`http://127.0.0.1:${(server.address() as AddressInfo).port}/nats.tar.gz`],
    ...{ size: archive.length, sha256: sha256(archive), format: "tar.gz", member: "nats" },
    binary: { size: binary.length, sha256: sha256(binary) },
  };

  const calls = await record(folder, [
    process.execPath,
    ...["--conditions=convex", "--import", import.meta.resolve("tsx"), PROCESS],
    ...[folder, "nats", JSON.stringify(artifact)],
  ]);
  if (calls === null) return context.skip();
  // It came to its end, and so back to where it began.
  expect(old.equals(await readFile(live))).toBe(true);

  const previous = join(folder, ".previous");
  const staged = join(folder, ".staging", artifact.binary.sha256);
  const isFinal = (path: string) => !/\.(part|tmp|next|restore)$/.test(path);
  expect(findUnsafeStates(calls, isFinal)).toEqual([]);
  // Without its syncs the same run would have been in such states at each of these names.
  const withoutSyncs = calls.filter(({ kind }) => kind !== "sync");
  const problems = findUnsafeStates(withoutSyncs, isFinal).join("\n");
  for (const path of [staged, live, join(previous, ".version"), join(folder, ".version")]) {
    expect(problems).toContain(`"${path}" is not on disk`);
  }
  expect(findUnsyncedFolders(calls)).toEqual([]);

  const index = (kind: string, path: string) =>
    calls.findIndex((call) => call.kind === kind && ("to" in call ? call.to : call.path) === path);
  const order = [
    index("rename", join(folder, ".staging", artifact.sha256)),
    index("rename", staged),
    index("link", join(previous, "nats.next")),
    index("rename", join(previous, "nats")),
    index("rename", join(previous, ".version")),
    index("rename", live),
    index("rename", join(folder, ".version")),
  ];
  expect(order).not.toContain(-1);
  expect(order).toEqual([...order].sort((a, b) => a - b));
  // What is kept is on disk, names and all, before the live name changes.
  const between = calls.slice(order[4], order[5]);
  expect(between).toContainEqual({ kind: "sync", path: previous });
  // And the live name before anything is said of it.
  expect(calls.slice(order[5], order[6])).toContainEqual({ kind: "sync", path: folder });
});

test("row 17: a program that renames what it has not synced is found out", async (context) => {
  const folder = await emptyFolder();
  const [temporary, file] = [join(folder, "a.tmp"), join(folder, "a")];
  const script = `echo new > ${temporary} && mv ${temporary} ${file} && sync ${folder}`;
  const calls = await record(folder, ["sh", "-c", script]);
  if (calls === null) return context.skip();
  const [problem] = findUnsafeStates(calls, (path) => path === file);
  expect(problem).toContain(`"${file}" is not on disk`);
  expect(findUnsyncedFolders(calls)).toEqual([]);
  expect(findUnsyncedFolders(calls.slice(0, -1))).toEqual([folder]);
});
