import { join } from "node:path";
import { startServer } from "@tideline/embedded";
import { REPOSITORY } from "../build-app.js";
import { findRunning, loadRecordToken, prepareState } from "../local-state.js";
import { DEFAULT_STATE } from "../start-options.js";

/** The ledger that the example follows. */
export interface ExampleLedger {
  /** The Convex deployment. */
  readonly url: string;
  /** The folder that holds its record token, unless TIDELINE_RECORD_TOKEN does. */
  readonly tokenState: string;
  /** For people. */
  readonly about: string;
  /** Ends it, if it is the example's own. */
  readonly close: () => Promise<void>;
}

/**
 * Gives the ledger at `CONVEX_URL`, else that of npm start if it runs in this repository, else one of
 * the example's own, whose data stays.
 *
 * @param data The folder of the example's state.
 */
export async function openLedger(env: NodeJS.ProcessEnv, data: string): Promise<ExampleLedger> {
  const state = join(REPOSITORY, DEFAULT_STATE);
  const close = async () => {};
  const named = env.CONVEX_URL?.trim();
  if (named) return { url: named, tokenState: state, about: "CONVEX_URL", close };
  const running = await findRunning(state);
  if (running !== null) {
    return { url: running.url, tokenState: state, about: "that of npm start", close };
  }
  await prepareState(data);
  const server = await startServer({
    dir: join(REPOSITORY, "convex"),
    data: join(data, "ledger"),
    port: 0,
    sitePort: 0,
    env: { TIDELINE_RECORD_TOKEN: env.TIDELINE_RECORD_TOKEN || (await loadRecordToken(data)) },
    log: () => {},
  });
  return { url: server.url, tokenState: data, about: "its own", close: () => server.close() };
}
