import { childSignal } from "../engine/child-signal.js";
import { readHeard } from "../ledger/heard-targets.js";
import {
  firstTargets,
  type OpenLedger,
  type OpenLedgerNow,
  type OpenLedgerOptions,
  openLedger,
} from "../ledger/open-ledger.js";
import { problemOf } from "./read-status.js";

/** What `status` goes by. */
export interface HeardForStatus extends OpenLedgerNow {
  /** Why the ledger was not heard; null if it was. */
  readonly problem: string | null;
  /** Whether it has answered; null if it was not asked. */
  readonly isReachable: boolean | null;
}

/**
 * Opens the ledger for somebody who only looks: whatever is wrong with it is told and ends nothing. In
 * the place of one that does not answer comes what it named last, as for `apply`; one that refuses has
 * answered, and nothing is gone by.
 *
 * @param waitMs For its first answer.
 */
export async function hearLedger(
  given: Omit<OpenLedgerOptions, "isReadOnly">,
  waitMs: number,
): Promise<HeardForStatus> {
  const options = { ...given, isReadOnly: true };
  const { config, signal } = options;
  let opened: OpenLedger | null = null;
  try {
    opened = await openLedger(options);
    const { ledger, machine } = opened;
    if (ledger.kind !== "convex") return { ledger, machine, problem: null, isReachable: null };
    if ((await firstTargets(ledger, waitMs, signal)) !== null) {
      return { ledger, machine, problem: null, isReachable: true };
    }
    const why = await whyAway(options);
    const problem = why ?? `no answer within ${waitMs / 1000} s`;
    const away = { machine, problem, isReachable: false };
    const { channel } = config.machine;
    const heard = await readHeard(config.state, { url: config.ledger?.url ?? "", channel });
    if (heard === null) return { ledger, ...away };
    await ledger.close();
    const { openHeardLedger } = await import("../ledger/heard-ledger.js");
    return { ledger: openHeardLedger(heard, null), ...away };
  } catch (error) {
    if (signal.aborted) {
      await opened?.ledger.close();
      signal.throwIfAborted();
    }
    const problem = problemOf(error);
    if (opened !== null) return { ...opened, problem, isReachable: true };
    // What the machine itself knows is told without any ledger too.
    const alone = { ...options, config: { ...config, ledger: null, releases: null } };
    return { ...(await openLedger(alone)), problem, isReachable: null };
  }
}

// The system's refusal comes at once; what takes longer is no answer either.
const REFUSED_WITHIN_MS = 1_000;

/** What the system says of the way to a ledger that does not answer, which its client keeps to itself. */
async function whyAway({ config, fetch, signal }: OpenLedgerOptions): Promise<string | null> {
  const asking = childSignal(signal, REFUSED_WITHIN_MS);
  try {
    const answer = await fetch(`${config.ledger?.url}/version`, { signal: asking.signal });
    await answer.body?.cancel();
    return null;
  } catch (error) {
    signal.throwIfAborted();
    const { cause } = error as { cause?: NodeJS.ErrnoException };
    // Of an address with several, like localhost, the message is empty.
    return cause?.code === undefined ? null : cause.message || cause.code;
  } finally {
    asking.end();
  }
}
