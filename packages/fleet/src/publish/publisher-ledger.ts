import {
  FLEET_FUNCTIONS,
  type FleetAnswer,
  type FleetTarget,
  type SignedRelease,
} from "@tideline/version/fleet";
import * as v from "valibot";
import { askLedger } from "../ledger/ask-ledger.js";
import { parseTargets } from "../ledger/parse-targets.js";
import { SyncError } from "../sync-error.js";
import type { PublisherLedger } from "./publish-request.js";

const ANSWER_WITHIN_MS = 30_000;

/** Which ledger, and with what right. */
export interface PublisherLedgerOptions {
  readonly url: string;
  readonly channel: string;
  /** TIDELINE_FLEET_TOKEN */
  readonly operatorToken: string;
  /** TIDELINE_FLEET_READ_TOKEN; null: the ledger's own releases are not looked at. */
  readonly readToken: string | null;
  readonly fetch: typeof fetch;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Opens the ledger for a publisher, which need not be a machine of the fleet: a CI job is none.
 *
 * @throws {SyncError} `LEDGER_UNREACHABLE`, `TOKEN_REFUSED` or `LEDGER_REFUSED` if its targets cannot be read.
 */
export async function openPublisherLedger(
  options: PublisherLedgerOptions,
): Promise<PublisherLedger> {
  const { url, channel, operatorToken, readToken, fetch, signal, log } = options;
  const how = { url, fetch, timeoutMs: ANSWER_WITHIN_MS } as const;
  const operating = { ...how, token: "TIDELINE_FLEET_TOKEN" } as const;
  const reading = { ...how, doing: "read the ledger", signal } as const;
  // A seq counts in all channels; targets are those of one.
  const view = await askLedger(
    "query",
    FLEET_FUNCTIONS.watchFleet,
    { token: operatorToken },
    { ...operating, ...reading },
  );
  const newest = seqsOf(view);
  let targets: readonly FleetTarget[] | null = null;
  if (readToken !== null) {
    const args = { channel, token: readToken };
    const answer = await askLedger("query", FLEET_FUNCTIONS.watchTargets, args, {
      ...reading,
      token: "TIDELINE_FLEET_READ_TOKEN",
    });
    targets = parseTargets(answer, log);
  }
  return {
    targets: () => targets,
    highestSeq: (subsystem) =>
      Math.max(0, ...newest.filter((one) => one.subsystem === subsystem).map(({ seq }) => seq)),
    publish: async (release: SignedRelease, until) => {
      const args = { token: operatorToken, channel, release };
      const asked = { ...operating, doing: "publish to the ledger", signal: until };
      const name = FLEET_FUNCTIONS.publishRelease;
      const answer = (await askLedger("mutation", name, args, asked)) as FleetAnswer;
      if (!answer.ok) return answer;
      const mode = answer.mode === "waiting-for-approval" ? answer.mode : "running";
      log(`The ledger at ${url} has it: ${mode}`);
      return { ok: true, mode, generation: answer.generation };
    },
  };
}

const Seq = v.nullable(v.object({ seq: v.number() }));
const View = v.object({
  subsystems: v.array(v.object({ subsystem: v.string(), settled: Seq, rollout: Seq })),
  // It alone has a release from the moment on at which it was published.
  audit: v.array(
    v.object({
      action: v.string(),
      subsystem: v.nullable(v.string()),
      seq: v.nullable(v.number()),
    }),
  ),
});

function seqsOf(view: unknown): { readonly subsystem: string; readonly seq: number }[] {
  const parsed = v.safeParse(View, view);
  if (!parsed.success) {
    throw new SyncError(
      "LEDGER_REFUSED",
      "Cannot read the ledger: expected its fleet, got another",
    );
  }
  const { subsystems, audit } = parsed.output;
  return [
    ...subsystems.flatMap(({ subsystem, settled, rollout }) => [
      { subsystem, seq: settled?.seq ?? 0 },
      { subsystem, seq: rollout?.seq ?? 0 },
    ]),
    // What was refused has no number.
    ...audit
      .filter(({ action }) => action === "publish")
      .map(({ subsystem, seq }) => ({ subsystem: subsystem ?? "", seq: seq ?? 0 })),
  ];
}
