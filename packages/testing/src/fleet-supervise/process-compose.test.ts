import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSupervisor } from "../../../fleet/src/supervise/open-supervisor.js";
import type { ProcessComposeSupervisor } from "../../../fleet/src/supervise/process-compose.js";
import { readInfoProcess } from "../../../fleet/src/supervise/process-facts.js";
import type { ServiceState } from "../../../fleet/src/supervise/supervisor.js";
import { findProcessCompose, PROCESS_COMPOSE_VERSION } from "../find-process-compose.js";
import { freePort, ProcessComposeRig } from "../process-compose-rig/index.js";
import { writeServiceProgram } from "../service-program/index.js";
import { untilState } from "../until-state.js";

const program = await findProcessCompose();
const never = new AbortController().signal;
const TOKEN = "a-token-of-more-than-20";
const sleep = "exec sleep 2147483";
const shutdown = { timeout_seconds: 5 };

describe.skipIf(program === null)("process-compose on a port, with a token", () => {
  let folder: string;
  let rig: ProcessComposeRig;
  let client: ProcessComposeSupervisor;
  let port: number;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "tideline-compose-"));
    port = await freePort();
    const demo = join(folder, "bin", "demo");
    await writeServiceProgram(demo, { version: "1.0.0", http: true, variant: "ends-slowly" });
    const probe = { http_get: { host: "127.0.0.1", port: String(port), path: "/ready" } };
    rig = await ProcessComposeRig.start({
      ...{ program: program ?? "", folder, listen: "port", token: TOKEN },
      processes: {
        "holds its port": {
          ...{ command: `exec ${demo} --port ${port}`, shutdown },
          readiness_probe: { ...probe, period_seconds: 1, failure_threshold: 30 },
        },
        unprobed: { command: sleep, shutdown },
        "ends all": { command: sleep, availability: { restart: "exit_on_failure" } },
        lively: { command: sleep, shutdown, liveness_probe: { exec: { command: "true" } } },
        "by its log": {
          command: `echo listening; ${sleep}`,
          ...{ shutdown, ready_log_line: "listening" },
        },
        crashes: { command: "exit 3", shutdown, availability: { restart: "no" } },
        unwell: {
          command: `echo start >> ${join(folder, "unwell")}; ${sleep}`,
          ...{ shutdown, availability: { restart: "no" } },
          // Not before the shell has written that it was started.
          readiness_probe: {
            ...{ exec: { command: "false" }, initial_delay_seconds: 2 },
            ...{ period_seconds: 1, failure_threshold: 1 },
          },
        },
      },
    });
    client = open({ PC_API_TOKEN: TOKEN });
  });
  afterAll(async () => {
    await rig.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it("row 21: a wrong token, or none, is said with the variable's name", async () => {
    const wrong = (found: string) => ({
      kind: "unauthorized",
      message: `Cannot use process-compose at "${rig.address}": expected its token in PC_API_TOKEN or in the file of PC_API_TOKEN_PATH, got ${found}`,
    });
    await expect(open({}).inspect("unprobed", never)).rejects.toMatchObject(wrong("none"));
    const other = open({ PC_API_TOKEN: "another-token-of-20-or-more" });
    await expect(other.restart("unprobed", never)).rejects.toMatchObject(wrong("another"));
    await expect(other.watch("unprobed", () => {}, never)).rejects.toMatchObject(wrong("another"));
  });

  it("row 21: a token that is corrected in its file counts at the next question", async () => {
    const path = join(folder, "token");
    const byFile = open({ PC_API_TOKEN_PATH: path });
    await expect(byFile.inspect("unprobed", never)).rejects.toMatchObject({ kind: "unauthorized" });
    await writeFile(path, `${TOKEN}\n`);
    expect(await byFile.inspect("unprobed", never)).toMatchObject({ isRunning: true });
  });

  it("says its version", async () => {
    expect(await client.version(never)).toBe(PROCESS_COMPOSE_VERSION);
  });

  it("says of itself what `doctor` reads", async () => {
    const read = async (name: string) =>
      readInfoProcess(await client.processInfo(name, never), folder);
    expect(await read("unprobed")).toEqual({
      ...{ command: sleep, folder, shutdownTimeoutSeconds: 5, watched: [] },
      ...{ hasReadiness: false, probePeriodMs: null, endsProject: false, isDaemon: false },
    });
    expect(await read("by its log")).toMatchObject({ hasReadiness: true });
    expect(await read("holds its port")).toMatchObject({
      hasReadiness: true,
      probePeriodMs: 1_000,
    });
    expect(await read("ends all")).toMatchObject({ endsProject: true, shutdownTimeoutSeconds: 0 });
  });

  it("has nothing that says ready where no probe, or only one of liveness, is configured", async () => {
    for (const name of ["unprobed", "lively"]) {
      const state = await untilState(client, name, (now) => now.isRunning);
      expect(state).toMatchObject({ isReady: null, exitCode: null, restarts: 0 });
    }
  });

  it("is ready by a line of its log, where one is named", async () => {
    await untilState(client, "by its log", (now) => now.isReady === true);
  });

  it("restarts a service that keeps its port for 3 s, and tells no old readiness as new", async () => {
    const name = "holds its port";
    const before = await untilState(client, name, (now) => now.isReady === true);
    const states: ServiceState[] = [];
    const ended = new AbortController();
    const watched = client.watch(name, (state) => states.push(state), ended.signal);
    await client.restart(name, never);
    const after = await untilState(
      client,
      name,
      (now) => now.isReady === true && now.pid !== before.pid,
    );
    ended.abort();
    await watched;
    const firstNew = states.findIndex((state) => state.pid === after.pid);
    // The old one was ready up to the end, and the new one was not before it said so.
    expect(states[firstNew]?.isReady).toBe(false);
    expect(states.slice(firstNew).some((state) => state.pid === before.pid)).toBe(false);
  }, 30_000);

  it("starts a service that has ended and is not restarted by itself", async () => {
    const before = await untilState(client, "crashes", (now) => now.exitCode === 3);
    expect(before).toMatchObject({ pid: null, isRunning: false });
    await client.start("crashes", never);
    await untilState(client, "crashes", (now) => now.exitCode === 3);
    await client.restart("crashes", never);
  });

  it("starts a service again that it has ended itself over its readiness", async () => {
    const ended = (state: ServiceState) => !state.isRunning && state.exitCode !== null;
    await untilState(client, "unwell", ended);
    const starts = async () =>
      (await readFile(join(folder, "unwell"), "utf8")).split("\n").length - 1;
    const before = await starts();
    await client.start("unwell", never);
    await expect.poll(starts, { timeout: 10_000 }).toBe(before + 1);
  });

  function open(env: Record<string, string>): ProcessComposeSupervisor {
    const supervisor = { kind: "process-compose" as const, address: rig.address };
    return openSupervisor({ supervisor }, env) as ProcessComposeSupervisor;
  }
});
