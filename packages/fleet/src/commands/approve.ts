import { FLEET_FUNCTIONS, type FleetAnswer } from "@tideline/version/fleet";
import type { SyncConfig } from "../config/sync-config.js";
import { UsageError } from "../usage-error.js";
import { addCommand } from "./add-command.js";
import { requireSubsystem } from "./require-subsystem.js";
import { EXIT_CODES, type Outcome, type Terminal } from "./terminal.js";

interface ApproveOptions {
  readonly reject?: true;
  readonly here?: true;
  readonly channel?: string;
  readonly note?: string;
}

/** `tideline-sync approve NAME`: lets go what waits for a person. */
export const addApprove = addCommand<ApproveOptions>({
  usage: "approve <subsystem>",
  summary: "Let go a release that waits for somebody, or what an upstream's alarm has stopped",
  examples: [
    "tideline-sync approve nats",
    "tideline-sync approve nats --reject --note 'see #12'",
    "tideline-sync approve nats --here    # only this machine held it back, by its `automatic`",
  ],
  options: (command) =>
    command
      .option("--reject", "do not let it go")
      .option("--here", "a release, on this machine alone: its `automatic` is what holds it back")
      .option("--channel <channel>", "where it waits (default: machine.channel)")
      .option("--note <text>", "why, for whoever reads the ledger"),
  run: async ({ words: [name = ""], options, terminal, config: readConfig }) => {
    const config = await readConfig();
    requireSubsystem(config, name);
    // A release that this machine holds back is another matter than what its upstream has done.
    const isUpstreamMeant = options.reject === undefined && options.here === undefined;
    const { accepted, quarantined } = isUpstreamMeant
      ? await acceptUpstream(config, name, terminal)
      : NOTHING_ACCEPTED;
    const decided = await decide(config, name, options, terminal, accepted.length > 0);
    if (decided === null && accepted.length === 0) {
      const text = `Nothing of "${name}" waits for approval`;
      return {
        exitCode: EXIT_CODES.failed,
        text,
        json: { subsystem: name, decided: null, accepted, quarantined, message: text },
      };
    }
    if (decided?.ok === false) return decided.outcome;
    const kept = quarantined.map(
      (ref) =>
        `The ledger keeps ${ref} quarantined: expected TIDELINE_FLEET_TOKEN to tell it, got none`,
    );
    const lines = [...accepted, ...kept, ...(decided === null ? [] : [decided.text])];
    const json = { subsystem: name, decided: decided?.json ?? null, accepted, quarantined };
    return { text: lines.join("\n"), json };
  },
});

interface AcceptedUpstream {
  /** A sentence for each alarm. */
  readonly accepted: readonly string[];
  /** Refs that the ledger could not be told of. */
  readonly quarantined: readonly string[];
}

const NOTHING_ACCEPTED: AcceptedUpstream = { accepted: [], quarantined: [] };

/** Takes what stopped a developer machine's subsystem for what is right, in the ledger first. */
async function acceptUpstream(
  config: SyncConfig,
  subsystem: string,
  { env, signal }: Terminal,
): Promise<AcceptedUpstream> {
  const [{ acceptAlarms }, { wordOfAlarm }] = await Promise.all([
    import("../detect/accept-alarms.js"),
    import("../detect/upstream-word.js"),
  ]);
  const token = env.TIDELINE_FLEET_TOKEN;
  const quarantined: string[] = [];
  // The ledger quarantines it as well, and no report of a machine lets it go. It is told
  // first: a second try does not find an alarm that was accepted already.
  const alarms = await acceptAlarms(config, subsystem, signal, async (found) => {
    if (config.ledger === null) return;
    const { releaseUpstream } = await import("../ledger/release-upstream.js");
    const { url } = config.ledger;
    const ask = { url, doing: "approve", token: "TIDELINE_FLEET_TOKEN", fetch, signal } as const;
    for (const alarm of found) {
      const word = wordOfAlarm(alarm);
      if (word === null) continue;
      if (token) await releaseUpstream({ token, subsystem, word }, ask);
      else quarantined.push(word.ref);
    }
  });
  const accepted = alarms.map(
    ({ reason, ref, was, now }) => `${reason} is accepted: ${ref} was ${was} and is ${now}`,
  );
  return { accepted, quarantined };
}

type Decided =
  | { readonly ok: true; readonly text: string; readonly json: object }
  | { readonly ok: false; readonly outcome: Outcome };

/** @param hasAccepted Then there may be no token: what was asked for is done in part, and that is said. */
async function decide(
  config: SyncConfig,
  name: string,
  options: ApproveOptions,
  terminal: Terminal,
  hasAccepted: boolean,
): Promise<Decided | null> {
  if (config.ledger === null || options.here === true) {
    return await decideHere(config, name, options, terminal);
  }
  if (hasAccepted && !terminal.env.TIDELINE_FLEET_TOKEN) return null;
  return await decideInLedger(config, config.ledger.url, name, options, terminal);
}

async function decideInLedger(
  config: SyncConfig,
  url: string,
  subsystem: string,
  { reject, note, channel = config.machine.channel }: ApproveOptions,
  { env, signal }: Terminal,
): Promise<Decided | null> {
  const token = env.TIDELINE_FLEET_TOKEN;
  if (!token) {
    throw new UsageError("Cannot approve: expected TIDELINE_FLEET_TOKEN, got none");
  }
  const { askLedger } = await import("../ledger/ask-ledger.js");
  const { readWaiting } = await import("../ledger/read-waiting.js");
  const ask = { url, doing: "approve", token: "TIDELINE_FLEET_TOKEN", fetch, signal } as const;
  const waiting = await readWaiting({ channel, subsystem, token }, ask);
  if (waiting === null) return null;
  const { seq, version } = waiting;
  const decision = reject ? "reject" : "approve";
  const args = { token, channel, subsystem, seq, decision, ...(note !== undefined && { note }) };
  const answer = (await askLedger(
    "mutation",
    FLEET_FUNCTIONS.decideApproval,
    args,
    ask,
  )) as FleetAnswer;
  if (!answer.ok) {
    const { code, message } = answer;
    return {
      ok: false,
      outcome: { exitCode: EXIT_CODES.failed, text: message, json: { code, message } },
    };
  }
  const { mode, generation } = answer;
  const text = `${version} (release ${seq}) of "${subsystem}" is ${reject ? "rejected" : "approved"} for channel "${channel}"`;
  return { ok: true, text, json: { seq, version, decision, mode, generation } };
}

/** Without a ledger, or where `automatic` holds back what it lets go, it is this machine's own affair. */
async function decideHere(
  config: SyncConfig,
  subsystem: string,
  { reject }: ApproveOptions,
  { env, log, signal }: Terminal,
): Promise<Decided | null> {
  const [{ readHeld }, { writeApproval }, { openTrustStore }] = await Promise.all([
    import("../ledger/read-held.js"),
    import("../ledger/approvals.js"),
    import("../open-trust-store.js"),
  ]);
  const trust = await openTrustStore(config);
  const decision = reject ? "reject" : "approve";
  const ask = { config, env, trust, fetch, now: Date.now, log, signal };
  const held = await readHeld(ask, subsystem, decision);
  if (held === null) return null;
  const { seq, version } = held;
  await writeApproval(config.state, subsystem, seq, decision);
  const text = `${version} (release ${seq}) of "${subsystem}" is ${reject ? "rejected" : "approved"} on this machine`;
  return { ok: true, text, json: { seq, version, decision } };
}
