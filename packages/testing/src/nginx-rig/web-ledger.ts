import { record } from "@tideline/cli";
import { LEDGER_TOKEN, LedgerRig } from "../ledger-rig.js";

/** An embedded ledger in this process. */
export interface WebLedger {
  readonly url: string;
  /** Makes a version of web live in production; its label is its identity. */
  record(version: string): Promise<void>;
  close(): Promise<void>;
}

/** Starts a ledger in which nothing is recorded. */
export async function startWebLedger(): Promise<WebLedger> {
  const rig = await LedgerRig.create();
  return {
    url: rig.url,
    async record(version) {
      const answer = await record({
        ...{ label: version, appName: "web", environment: "production" },
        ...{ url: rig.url, token: LEDGER_TOKEN, cwd: rig.folder, env: {} },
      });
      if (!answer.ok) throw new Error(answer.message);
    },
    close: () => rig.dispose(),
  };
}
