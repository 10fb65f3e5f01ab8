import { SyncError } from "../sync-error.js";
import type { DetectWorld } from "./detect-world.js";
import { connectRemote, type GitRemote } from "./git-remote.js";
import { listRefs, type RemoteRef } from "./list-refs.js";

/** What one remote listed. */
export interface RemoteListing {
  readonly connection: GitRemote;
  /** As the configuration names it. */
  readonly remote: string;
  readonly refs: readonly RemoteRef[];
}

/** What all remotes came to, in their order of priority. */
export interface RemoteAnswers {
  /** At least one. */
  readonly listings: readonly RemoteListing[];
  readonly failures: readonly RemoteFailure[];
}

interface RemoteFailure {
  readonly remote: string;
  readonly error: SyncError;
}

/**
 * Asks every remote for its refs at once. A remote answers only if its listing is complete.
 *
 * @throws {SyncError} Of the first remote, with what the others said, if none answers.
 */
export async function askRemotes(
  remotes: readonly string[],
  prefixes: readonly string[],
  world: DetectWorld,
): Promise<RemoteAnswers> {
  const outcomes = await Promise.all(
    remotes.map(async (remote): Promise<RemoteListing | RemoteFailure> => {
      try {
        const connection = await connectRemote(remote, world);
        return { connection, remote, refs: await listRefs(connection, prefixes, world) };
      } catch (error) {
        if (error instanceof SyncError) return { remote, error };
        throw error;
      }
    }),
  );
  world.signal.throwIfAborted();
  const listings = outcomes.filter((one): one is RemoteListing => "refs" in one);
  const failures = outcomes.filter((one): one is RemoteFailure => "error" in one);
  const [first] = failures;
  if (listings.length === 0 && first !== undefined) {
    const message = failures.map(({ error }) => error.message).join("; ");
    throw new SyncError(first.error.reason, message, { cause: first.error });
  }
  return { listings, failures };
}
