import type { AttemptReport } from "@tideline/version/fleet";
import type { FleetLedger } from "../ledger/fleet-ledger.js";

/** Hands reports to the ledger without anybody waiting for it. */
export interface Reporter {
  /** Takes a report; they go out in order. */
  tell(report: AttemptReport): void;
  /**
   * Resolves when the ledger has taken what was told so far, or has had long enough.
   *
   * @returns Whether it has taken everything.
   */
  settled(): Promise<boolean>;
}

/**
 * Makes the reporter of one attempt. Trouble with the ledger is logged and no more: a ledger that
 * answers 429 while a version is watched says nothing about the version.
 */
export function createReporter(ledger: FleetLedger, log: (line: string) => void): Reporter {
  let hasTakenAll = true;
  let last = Promise.resolve();
  return {
    tell(report) {
      last = last.then(async () => {
        try {
          await ledger.report(report);
        } catch (error) {
          hasTakenAll = false;
          log(`Cannot report ${report.subsystem} ${report.state}: ${(error as Error).message}`);
        }
      });
    },
    async settled() {
      let timer: NodeJS.Timeout | undefined;
      const patience = new Promise<boolean>((resolve) => {
        timer = setTimeout(() => resolve(false), PATIENCE_MS);
      });
      const done = await Promise.race([last.then(() => true), patience]);
      clearTimeout(timer);
      return done && hasTakenAll;
    },
  };
}

// A report only has to reach the machine's own disk.
const PATIENCE_MS = 5_000;
