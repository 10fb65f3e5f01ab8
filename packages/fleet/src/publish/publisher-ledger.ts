import {
  FLEET_FUNCTIONS,
  type FleetAnswer,
  type FleetTarget,
  type SignedRelease,
} from "@tideline/version/fleet";
import { ConvexHttpClient } from "convex/browser";
import type { FunctionReference } from "convex/server";
import * as v from "valibot";
import { childSignal } from "../engine/child-signal.js";
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

/** A function by its name alone: the client accepts a string, though its types do not say so. */
type Query = FunctionReference<"query", "public", Record<string, unknown>, unknown>;
type Mutation = FunctionReference<"mutation", "public", Record<string, unknown>, unknown>;

/**
 * Opens the ledger for a publisher, which need not be a machine of the fleet: a CI job is none.
 *
 * @throws {SyncError} `LEDGER_UNREACHABLE` or `LEDGER_REFUSED` if its targets cannot be read.
 */
export async function openPublisherLedger(
  options: PublisherLedgerOptions,
): Promise<PublisherLedger> {
  const { url, channel, operatorToken, readToken, signal, log } = options;
  // A seq counts in all channels; targets are those of one.
  const view = await ask(options, signal, (client) =>
    client.query(FLEET_FUNCTIONS.watchFleet as unknown as Query, { token: operatorToken }),
  );
  const newest = seqsOf(view);
  let targets: readonly FleetTarget[] | null = null;
  if (readToken !== null) {
    const args = { channel, token: readToken };
    const answer = await ask(options, signal, (client) =>
      client.query(FLEET_FUNCTIONS.watchTargets as unknown as Query, args),
    );
    targets = parseTargets(answer, log);
  }
  return {
    targets: () => targets,
    highestSeq: (subsystem) =>
      Math.max(0, ...newest.filter((one) => one.subsystem === subsystem).map(({ seq }) => seq)),
    publish: async (release: SignedRelease, until) => {
      const args = { token: operatorToken, channel, release };
      const answer = (await ask(options, until, (client) =>
        client.mutation(FLEET_FUNCTIONS.publishRelease as unknown as Mutation, args),
      )) as FleetAnswer;
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

async function ask(
  { url, fetch }: PublisherLedgerOptions,
  parent: AbortSignal,
  how: (client: ConvexHttpClient) => Promise<unknown>,
): Promise<unknown> {
  const child = childSignal(parent, ANSWER_WITHIN_MS);
  const bounded: typeof fetch = (input, init) => fetch(input, { ...init, signal: child.signal });
  try {
    return await how(new ConvexHttpClient(url, { fetch: bounded, logger: false }));
  } catch (cause) {
    parent.throwIfAborted();
    const why = cause instanceof Error ? cause.message : String(cause);
    // What fetch throws, and our own time-out; anything else the ledger itself has said.
    const isAway = cause instanceof TypeError || child.signal.aborted;
    const reason = isAway ? "LEDGER_UNREACHABLE" : "LEDGER_REFUSED";
    throw new SyncError(reason, `Cannot ask the ledger at ${url}: ${why}`, { cause });
  } finally {
    child.end();
  }
}
