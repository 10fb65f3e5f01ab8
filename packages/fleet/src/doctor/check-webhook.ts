/** Whether webhooks can come in: their secrets, and the port. */
import { connect } from "node:net";
import { lockHolder } from "../engine/lock.js";
import { UsageError } from "../usage-error.js";
import { watchLockPath } from "../watch/watch-lock.js";
import { describePortOwner } from "../webhook/port-owner.js";
import { readWebhookSecrets } from "../webhook/webhook-secrets.js";
import { type Check, failed, ok, skipped, warning } from "./finding.js";

export const WEBHOOK_CHECKS: readonly Check[] = [
  {
    name: "webhook-secret",
    run: async ({ config, env }) => {
      const names = Object.keys(config.subsystems);
      try {
        const secrets = readWebhookSecrets(env, names);
        const without = names.filter((name) => !secrets.has(name));
        if (without.length === 0) return ok("Every subsystem has a webhook secret");
        const message = `No webhook secret is set here for ${without.join(", ")}: their webhooks are refused`;
        // Where the ledger hears webhooks, a machine needs none.
        if (config.ledger !== null) return skipped(message);
        return warning(
          message,
          "Set WEBHOOK_SECRET to 16 characters or more, here and where the webhook is configured",
        );
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        return failed(error.message, "Correct the variable where `tideline-sync watch` is started");
      }
    },
  },
  {
    name: "webhook-port",
    run: async ({ config: { webhook, state } }) => {
      const { host, port } = webhook;
      if (port === 0) return ok("Webhooks are received on any free port");
      const service = await lockHolder(watchLockPath(state));
      if (!(await listens(host, port))) {
        if (service === null) return ok(`Port ${port} is free for webhooks`);
        return warning(
          `The service runs (pid ${service.pid}), and not on port ${port}`,
          "Start it anew, or look at its --port",
        );
      }
      const owner = await describePortOwner(host, port);
      if (service !== null && /`tideline-sync watch`/.test(owner)) {
        return ok(`The service receives webhooks on port ${port}`);
      }
      return failed(
        `Port ${port}, which is to receive webhooks, is taken by ${owner}`,
        `Set webhook.port in sync.config.yaml to another one${port === 8080 ? ", such as 8787: process-compose takes 8080" : ""}, or end that program`,
      );
    },
  },
];

function listens(host: string, port: number): Promise<boolean> {
  const name = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return new Promise((resolve) => {
    const socket = connect({ host: name, port, timeout: 2_000 });
    const end = (isOpen: boolean) => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once("connect", () => end(true));
    socket.once("timeout", () => end(false));
    socket.once("error", () => end(false));
  });
}
