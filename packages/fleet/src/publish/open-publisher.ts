import { hostname } from "node:os";
import type { Env } from "../commands/terminal.js";
import type { SyncConfig } from "../config/sync-config.js";
import { SyncError } from "../sync-error.js";
import { trustOf } from "../trust/trust-state.js";
import type { TrustStore } from "../trust/trust-store.js";
import { PUBLISHING_PATIENCE_MS } from "./host-request.js";
import type { PublishDeps } from "./publish-request.js";
import { ReleaseHost } from "./release-host.js";
import { type KeyPlaces, readReleaseKeys } from "./release-keys.js";
import { makeSigner } from "./release-signer.js";

/** What a publisher is made of. */
export interface OpenPublisherOptions {
  readonly config: SyncConfig;
  readonly subsystem: string;
  readonly env: Env;
  readonly keys: Omit<KeyPlaces, "env">;
  readonly trust: TrustStore;
  readonly ledger: PublishDeps["ledger"];
  readonly fetch: typeof fetch;
  /** ms since epoch. */
  readonly now: () => number;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Puts together what publishing needs, and finds out before anything is built whether it will work:
 * the repository, a token, and keys whose releases a machine would take.
 *
 * @throws {SyncError} `NO_RELEASE_HOST`, `NOT_AUTHORIZED`, `NO_RELEASE_KEY`, or what is wrong with the keyset.
 */
export async function openPublisher(options: OpenPublisherOptions): Promise<PublishDeps> {
  const { config, subsystem, env, keys, trust, ledger, fetch, now, log, signal } = options;
  if (config.releases === null) {
    throw new SyncError(
      "NO_RELEASE_HOST",
      `Cannot publish ${subsystem}: expected a repository, got none`,
    );
  }
  const token = releaseToken(env);
  if (token === null) {
    throw new SyncError(
      "NOT_AUTHORIZED",
      `Cannot publish ${subsystem}: expected TIDELINE_RELEASE_TOKEN or GITHUB_TOKEN, got none`,
    );
  }
  const { releaseKeys, keyset } = await readReleaseKeys(config, { ...keys, env });
  if (keyset === null && config.trust.acceptUnsigned) {
    log(
      "No release key: what is published is UNSIGNED, and only machines that accept that take it",
    );
  }
  const { api, repository } = config.releases;
  const { state } = trust;
  return {
    host: new ReleaseHost(
      { api, repository, token },
      { fetch, now, log, signal, patienceMs: PUBLISHING_PATIENCE_MS },
    ),
    signer: makeSigner({ trust: config.trust, releaseKeys, keyset, state, now }),
    seenSeq: trustOf(state, subsystem).seq,
    publisher: publisherName(config, env),
    ...{ ledger, now, log, signal },
  };
}

/** The token that may write releases: the one that is for nothing else comes first. */
export function releaseToken(env: Env): string | null {
  return env.TIDELINE_RELEASE_TOKEN?.trim() || env.GITHUB_TOKEN?.trim() || null;
}

/** A run of CI that is started again is the same publisher; so is a machine. */
function publisherName({ machine }: SyncConfig, env: Env): string {
  const { GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: run } = env;
  const name = run ? `${repository ?? "ci"} run ${run}` : `${machine.name} on ${hostname()}`;
  return name.slice(0, 100);
}
