import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { loadConfig } from "../../../fleet/src/config/load-config.js";
import { guardPaths } from "../../../fleet/src/guard/guard-paths.js";
import { sampleConfig } from "../../../fleet/src/install/sample-config.js";
import { lintProcessCompose } from "../../../fleet/src/supervise/lint.js";
import { readFileProcess } from "../../../fleet/src/supervise/process-facts.js";
import { findProcessCompose, PROCESS_COMPOSE_VERSION } from "../find-process-compose.js";

const FOLDER = fileURLToPath(new URL("../../../../examples/fleet", import.meta.url));
const FLEET = fileURLToPath(new URL("../../../fleet", import.meta.url));
const FILE = join(FOLDER, "process-compose.yaml");
const program = await findProcessCompose();

describe("examples/fleet", () => {
  it("runs the updater itself, with a probe that asks its /health", async () => {
    const { processes } = parse(await readFile(FILE, "utf8"));
    expect(Object.keys(processes)).toEqual(["sync", "nats", "arc", "liftbridge", "telegraf"]);
    expect(processes.sync.readiness_probe).toMatchObject({
      exec: { command: expect.stringContaining("http://127.0.0.1:8787/health") },
      ...{ initial_delay_seconds: 3, period_seconds: 10, failure_threshold: 6 },
    });
    expect(processes.sync.depends_on).toBeUndefined();
  });

  it("starts the updater by the path that `install` makes, in the documents as well", async () => {
    const { processes } = parse(await readFile(FILE, "utf8"));
    const { kept } = guardPaths("/sync/.bin/tideline-sync");
    expect(processes.sync.command).toBe(`exec ${kept.slice(1)} guard -- watch --port 8787`);
    const readme = await readFile(join(FLEET, "README.md"), "utf8");
    const [shown = ""] = /(?<=```yaml\n)processes:\n.*?(?=```)/s.exec(readme) ?? [];
    expect(parse(shown).processes.sync).toEqual(processes.sync);
    // What it configures is what `install` has written.
    const installed = parse(sampleConfig({ ledgerUrl: null, systemd: null }));
    const example = parse(await readFile(join(FOLDER, "sync.config.yaml"), "utf8"));
    expect(example.supervisor).toEqual(installed.supervisor);
    expect(example.webhook.port).toBe(installed.webhook.port);
    expect(installed.subsystems.sync).toMatchObject(example.subsystems.sync);
    const install = await readFile(join(FLEET, "INSTALL.md"), "utf8");
    for (const text of [readme, install]) {
      const started = [...text.matchAll(/(\S+) guard -- watch/g)].map(([, path = ""]) => path);
      const paths = started
        .filter((path) => path.includes("/"))
        .map((path) => path.replace("`", ""));
      expect(paths.length).toBeGreaterThan(0);
      expect(paths.filter((path) => path !== kept.slice(1))).toEqual([]);
    }
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
