import type { Status, SubsystemStatus } from "./read-status.js";

/** Gives the status as people read it: a block for each subsystem, then the machine's own lines. */
export function formatStatus({ machine, ledger, trustProblem, watch, subsystems }: Status): string {
  const blocks = subsystems.map((one) => formatSubsystem(one, ledger.isHeardEarlier));
  const { name, channel, id } = machine;
  const lines = [
    ["machine", `${name}, channel ${channel}${id === null ? "" : `, ${id}`}`],
    ["ledger", formatLedger(ledger)],
    ["watch", watch === null ? "does not run" : `runs, pid ${watch.pid}`],
  ];
  if (ledger.waitingReports > 0) {
    lines.push(["reports", `${ledger.waitingReports} wait until the ledger takes them`]);
  }
  if (trustProblem !== null) {
    const { reason, detail, nextStep } = trustProblem;
    lines.push(["trust", `${reason}: ${detail}`], ["", nextStep]);
  }
  const width = Math.max(...lines.map(([label = ""]) => label.length)) + 2;
  const own = lines.map(([label = "", text]) => `${label.padEnd(width)}${text}`);
  return [...blocks, own.join("\n")].join("\n\n");
}

function formatLedger({
  kind,
  url,
  isReachable,
  problem,
  freshnessUnknownSince,
  isHeardEarlier,
}: Status["ledger"]) {
  const where = kind === "local" ? "none, local only" : String(url);
  if (problem === null) return kind === "local" ? where : `${where}, reachable`;
  const since =
    freshnessUnknownSince === null
      ? "it was never heard"
      : `freshness unknown since ${timeOf(freshnessUnknownSince)}`;
  const how = { true: "reachable, not read", false: "not reachable", null: "not asked" };
  const targets = isHeardEarlier ? "; the targets are those of then" : "";
  return `${where}, ${how[`${isReachable}`]} (${problem}); ${since}${targets}`;
}

function formatSubsystem(status: SubsystemStatus, isHeardEarlier: boolean): string {
  const { name, mode, target, waiting, pin, attempt, last, lastRefusal, next, serviceProblem } =
    status;
  const lines = [`${name}  ${formatLive(status)}${mode === "developer" ? "  (developer)" : ""}`];
  if (target !== null && target.seq !== status.live.seq) {
    lines.push(`target: ${target.version}, release ${target.seq}, ${target.mode}`);
  } else if (target !== null && target.mode !== "settled") {
    // The ledger names one rollout at a time.
    lines.push(`its rollout is ${target.mode}; what waits behind that is not known here`);
  }
  if (attempt !== null) {
    lines.push(`under way: ${attempt.version} is ${attempt.state} since ${timeOf(attempt.since)}`);
  }
  if (pin !== null) {
    const why = pin.why === "rollback" ? "after a rollback by hand" : "as somebody asked for";
    lines.push(`pinned at ${pin.version ?? "what it is"}, ${why}, ${timeOf(pin.at)}`);
  }
  if (last !== null && last.state !== "committed") {
    lines.push(
      `${timeOf(last.at)}: ${last.version} ${last.state}${last.reason === null ? "" : `, ${last.reason}`}${last.detail === null ? "" : `: ${last.detail}`}`,
    );
  }
  if (lastRefusal !== null) {
    lines.push(
      `${timeOf(lastRefusal.at)}: ${lastRefusal.version} refused, ${lastRefusal.reason}: ${lastRefusal.detail}`,
    );
  }
  if (next.reason !== null) {
    const until = next.until === null ? "" : `, until ${timeOf(next.until)}`;
    lines.push(
      `${next.action === "refuse" ? "refused" : "waits"}: ${next.reason}${until}: ${next.detail}`,
    );
  } else if (next.action === "install") {
    const isHeldUp = serviceProblem !== null && HOLDS_UP.has(serviceProblem.reason);
    lines.push(
      isHeldUp
        ? "is not installed before the supervisor answers for the service"
        : isHeardEarlier
          ? "may be installed: it had settled when the ledger was heard last"
          : "is installed at the next look",
    );
  }
  if (waiting !== null) {
    const { version, seq, reason, nextStep } = waiting;
    lines.push(`waits besides: ${version}, release ${seq}, ${reason}: ${nextStep}`);
  }
  if (serviceProblem !== null) {
    lines.push(`service: ${serviceProblem.reason}: ${serviceProblem.detail}`);
  }
  if (status.nextStep !== null) lines.push(`next step: ${status.nextStep}`);
  return lines.join("\n  ");
}

const HOLDS_UP: ReadonlySet<string> = new Set(["SUPERVISOR_UNREACHABLE", "SERVICE_UNKNOWN"]);

function formatLive({ live, binary }: SubsystemStatus): string {
  switch (live.state) {
    case "absent":
      return `not installed (${binary})`;
    case "known": {
      const release = live.seq === null ? "" : `, release ${live.seq}`;
      const commit = live.commit === null ? "" : `, commit ${live.commit.slice(0, 7)}`;
      return `${live.version ?? "of an unnamed version"}${release}${commit}`;
    }
    case "unknown":
      return `unknown: ${binary} has no .version that can be read`;
    case "drifted":
      return `drifted: ${binary} is not what its .version says`;
    default:
      return live.state satisfies never;
  }
}

function timeOf(at: number): string {
  return new Date(at).toISOString().replace(/\.\d{3}Z$/, "Z");
}
