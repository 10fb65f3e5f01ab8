import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { loadConfig } from "../../../fleet/src/config/load-config.js";
import { lintProcessCompose } from "../../../fleet/src/supervise/lint.js";
import { readFileProcess } from "../../../fleet/src/supervise/process-facts.js";
import { findProcessCompose, PROCESS_COMPOSE_VERSION } from "../find-process-compose.js";

const FOLDER = fileURLToPath(new URL("../../../../examples/fleet", import.meta.url));
const FILE = join(FOLDER, "process-compose.yaml");
const program = await findProcessCompose();

describe("examples/fleet", () => {
  it("runs the updater itself, with a probe that asks its /health", async () => {
    const { processes } = parse(await readFile(FILE, "utf8"));
    expect(Object.keys(processes)).toEqual(["sync", "nats", "arc", "liftbridge", "telegraf"]);
    expect(processes.sync.readiness_probe).toMatchObject({
      exec: { command: expect.stringContaining("http://127.0.0.1:8787/health") },
      ...{ initial_delay_seconds: 3, period_seconds: 10 },
    });
    expect(processes.sync.depends_on).toBeUndefined();
  });

  it("has nothing that breaks updates, and a way to end for every process", async () => {
    const config = await loadConfig(join(FOLDER, "sync.config.yaml"), FOLDER);
    const { processes } = parse(await readFile(FILE, "utf8")) as { processes: object };
    const facts = Object.fromEntries(
      Object.entries(processes).map(([name, value]) => [name, readFileProcess(value, FOLDER)]),
    );
    for (const process of Object.values(facts)) {
      expect(process?.shutdownTimeoutSeconds).toBeGreaterThan(0);
    }
    if (config.supervisor.kind !== "process-compose") expect.fail("it is for process-compose");
    const findings = lintProcessCompose({
      ...{ address: config.supervisor.address, webhook: config.webhook, webhookListener: null },
      ...{ version: "v1.122.0", token: null, processes: facts },
      managed: Object.values(config.subsystems)
        // Its own supervisor is its guard.
        .filter(({ service }) => service !== "self")
        .map(({ name, service, binary, health }) => ({
          ...{ name, service: service ?? "", binary, soakMs: health.soakMs },
        })),
    });
    expect(findings).toEqual([]);
    const names = ["nats", "arc", "liftbridge", "telegraf", "sync"];
    expect(Object.keys(config.subsystems)).toEqual(names);
  });

  it.skipIf(program === null)(
    `is valid for process-compose ${PROCESS_COMPOSE_VERSION}`,
    async () => {
      const { PATH = "", HOME = "" } = process.env;
      const run = promisify(execFile)(
        program ?? "",
        ["up", "--dry-run", "--tui=false", "--no-server", "--disable-dotenv", "-f", FILE],
        { cwd: FOLDER, env: { PATH, HOME, PC_LOG_FILE: "/dev/null" } },
      );
      await expect(run).resolves.toBeDefined();
    },
  );
});
