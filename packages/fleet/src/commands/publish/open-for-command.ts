import type { SyncConfig } from "../../config/sync-config.js";
import { openPublisher } from "../../publish/open-publisher.js";
import type { PublishDeps } from "../../publish/publish-request.js";
import { openPublisherLedger } from "../../publish/publisher-ledger.js";
import { TrustStore } from "../../trust/trust-store.js";
import { UsageError } from "../../usage-error.js";
import type { Terminal } from "../terminal.js";
import type { PublishOptions } from "./publish-options.js";

/**
 * Opens release host, keys and ledger as options and environment say.
 *
 * @throws {UsageError} If a ledger is configured, and there is no token to publish to it.
 * @throws {SyncError} What `openPublisher` throws.
 */
export async function openForCommand(
  config: SyncConfig,
  subsystem: string,
  options: PublishOptions,
  { cwd, env, log, signal }: Terminal,
): Promise<PublishDeps> {
  const world = { fetch, now: Date.now, log, signal };
  const trust = await TrustStore.open(config.state);
  const keys = { keyFiles: options.key ?? [], keysetFile: options.keyset ?? null, cwd };
  // First what needs no network: a key that is missing is said before anybody is asked.
  const publisher = await openPublisher({
    ...world,
    config,
    subsystem,
    env,
    keys,
    trust,
    ledger: null,
  });
  if (config.ledger === null || !options.ledger) return publisher;
  const operatorToken = env.TIDELINE_FLEET_TOKEN?.trim();
  if (!operatorToken) {
    throw new UsageError(
      "Cannot publish to the ledger: expected TIDELINE_FLEET_TOKEN, got none; --no-ledger tells the release host alone",
    );
  }
  const ledger = await openPublisherLedger({
    ...{ ...world, url: config.ledger.url, channel: config.machine.channel, operatorToken },
    readToken: env.TIDELINE_FLEET_READ_TOKEN?.trim() || null,
  });
  return { ...publisher, ledger };
}
