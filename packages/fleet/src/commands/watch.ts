import { mkdir } from "node:fs/promises";
import { uptime } from "node:os";
import { dirname } from "node:path";
import { lockHolder, tryLock } from "../engine/lock.js";
import { FailedError } from "../failed-error.js";
import { UsageError } from "../usage-error.js";
import { createServiceLog } from "../watch/service-log.js";
import { watchLockPath } from "../watch/watch-lock.js";
import { readWebhookSecrets } from "../webhook/webhook-secrets.js";
import { addCommand } from "./add-command.js";

interface WatchCommandOptions {
  readonly port?: string;
  readonly host?: string;
  readonly secret?: string;
}

// After a power cut a whole site boots at once; somebody who starts the service by hand waits for nothing.
const BOOTED_WITHIN_S = 300;
const MAX_START_DELAY_MS = 30_000;

/** `tideline-sync watch`: the service. */
export const addWatch = addCommand<WatchCommandOptions>({
  usage: "watch",
  summary: "Keep this machine up to date: hear the ledger and webhooks, and act on them",
  examples: [
    "tideline-sync watch",
    "WEBHOOK_SECRET=… tideline-sync watch --port 8787 --host 127.0.0.1",
  ],
  options: (command) =>
    command
      .option("--port <number>", "where webhooks are received (default: webhook.port, 8787)")
      .option("--host <address>", "on which address (default: webhook.host, 127.0.0.1)")
      .option("--secret <secret>", "instead of WEBHOOK_SECRET; others on this machine can see it"),
  run: async ({ options, terminal, config: readConfig }) => {
    const config = await readConfig();
    const port = options.port === undefined ? config.webhook.port : parsePort(options.port);
    const host = options.host ?? config.webhook.host;
    const { env, signal, cwd } = terminal;
    const now = Date.now;
    const log = createServiceLog({
      isInteractive: terminal.isInteractive,
      write: terminal.log,
      now,
    });
    if (options.secret !== undefined) {
      log("secret", { message: "--secret can be seen by others here; WEBHOOK_SECRET cannot" });
    }
    const names = Object.keys(config.subsystems);
    const secrets = readWebhookSecrets(env, names, options.secret ?? env.WEBHOOK_SECRET);
    const lock = await takeLock(config.state);
    try {
      const { runWatch } = await import("../watch/run-watch.js");
      const startDelayMs =
        uptime() < BOOTED_WITHIN_S ? Math.floor(Math.random() * MAX_START_DELAY_MS) : 0;
      await runWatch({ config, env, cwd, host, port, secrets, startDelayMs, now, log, signal });
    } finally {
      await lock.release();
    }
    // Told to end, it has ended in order: that is what was asked for.
    return { text: "", json: { ended: true } };
  },
});

function parsePort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new UsageError(`Cannot watch: expected a port from 0 to 65535, got "${text}"`);
}

async function takeLock(state: string) {
  const path = watchLockPath(state);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const lock = await tryLock(path);
  if (lock !== null) return lock;
  const pid = (await lockHolder(path))?.pid;
  throw new FailedError(
    `Cannot watch: expected no other service with the state folder "${state}", got one with pid ${pid ?? "unknown"}`,
    "Leave that service running, one is enough; or stop it where it was started, and run this again",
  );
}
