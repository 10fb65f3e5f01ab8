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
      .option("--here", "on this machine alone, where its `automatic` is what holds it back")
      .option("--channel <channel>", "where it waits (default: machine.channel)")
      .option("--note <text>", "why, for whoever reads the ledger"),
  run: async ({ words: [name = ""], options, terminal, config: readConfig }) => {
    const config = await readConfig();
    requireSubsystem(config, name);
    const accepted = options.reject ? [] : await acceptUpstream(config, name, terminal);
    const decided =
      config.ledger === null || options.here === true
        ? await decideHere(config, name, options, terminal)
        : await decideInLedger(config, config.ledger.url, name, options, terminal);
    if (decided === null && accepted.length === 0) {
      const text = `Nothing of "${name}" waits for approval`;
      return {
        exitCode: EXIT_CODES.failed,
        text,
        json: { subsystem: name, decided: null, accepted },
      };
    }
    if (decided?.ok === false) return decided.outcome;
    const lines = [...accepted, ...(decided === null ? [] : [decided.text])];
    const json = { subsystem: name, decided: decided?.json ?? null, accepted };
    return { text: lines.join("\n"), json };
  },
});

/** Takes what stopped a developer machine's subsystem for what is right. */
async function acceptUpstream(
  config: SyncConfig,
  name: string,
  { env, signal }: Terminal,
): Promise<string[]> {
  const { acceptAlarms } = await import("../detect/accept-alarms.js");
  const alarms = await acceptAlarms(config, name, signal);
  const token = env.TIDELINE_FLEET_TOKEN;
  if (config.ledger !== null && token) {
    const { askLedger } = await import("../ledger/ask-ledger.js");
    const { url } = config.ledger;
    const ask = { url, doing: "approve", token: "TIDELINE_FLEET_TOKEN", fetch, signal } as const;
    for (const { reason, remote, ref, now: oid } of alarms) {
      // The ledger quarantines what moved as well, and no report of a machine lets it go.
      if (reason !== "TAG_MOVED" || oid === null) continue;
      const word = { remote, ref: `refs/tags/${ref}`, oid, tag: ref };
      const args = { token, subsystem: name, ...word, isQuarantined: false, isReleased: true };
      await askLedger("mutation", FLEET_FUNCTIONS.reportUpstream, args, ask);
    }
  }
  return alarms.map(
    ({ reason, ref, was, now }) => `${reason} is accepted: ${ref} was ${was} and is ${now}`,
  );
}

type Decided =
  | { readonly ok: true; readonly text: string; readonly json: object }
  | { readonly ok: false; readonly outcome: Outcome };

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
