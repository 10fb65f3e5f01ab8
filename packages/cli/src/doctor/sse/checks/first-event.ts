import { type Check, checked, type Finding, skipped } from "../../check.js";
import type { EventBlock } from "../event-blocks.js";
import { duration, shown } from "../shown.js";
import { firstEvent, readVersionData, VERSION_EVENT } from "../version-event.js";
import { PROMPT_MS, type Visit } from "../visit.js";
import { withStream } from "../with-stream.js";

/** The version comes at once, in the event that pages listen to. */
export const firstEventPrompt: Check<Visit> = {
  name: "first-event",
  promise: "the version comes within 1 s",
  look: async (visit) => {
    if (visit.stream.opening.kind === "silent") {
      const problem = `neither headers nor an event came within ${duration(visit.patienceMs)}`;
      const fix = "see what the check buffering says; without a proxy, see the gateway's log";
      return checked([{ level: "fail", where: visit.stream.address, problem, fix }]);
    }
    return await withStream(visit, async (head, stream) => {
      const where = stream.address;
      const isThere = () => firstEvent(stream) !== null;
      await stream.until(isThere, visit.patienceMs - head.afterMs);
      const block = firstEvent(stream);
      if (block === null)
        return checked([{ ...missing(stream.endedAfterMs, visit.patienceMs), where }]);
      if (!/^text\/event-stream/i.test(head.headers["content-type"] ?? "")) {
        return skipped("browsers refuse its content-type");
      }
      const findings = [lateness(block), ...shape(block)].filter((each) => each !== null);
      return checked(
        findings.map((each) => ({ ...each, where })),
        [`after ${duration(block.afterMs)}`, ...block.lines.map(shown)].join("\n"),
      );
    });
  },
};

type Problem = Omit<Finding, "where">;

function missing(endedAfterMs: number | null, patienceMs: number): Problem {
  if (endedAfterMs === null) {
    return {
      level: "fail",
      problem: `no event came within ${duration(patienceMs)}`,
      fix: "see what the check buffering says; without a proxy, send the version on connect",
    };
  }
  return {
    level: "fail",
    problem: `the answer ended after ${duration(endedAfterMs)} without an event`,
    fix: "leave the answer open: raise the limits on how long a request may last, and see the gateway's log",
  };
}

function lateness({ afterMs }: EventBlock): Problem | null {
  if (afterMs <= PROMPT_MS) return null;
  return {
    level: "fail",
    problem: `the first event came after ${duration(afterMs)}`,
    fix: "send the version on connect; if the check buffering fails too, mend the proxy first",
  };
}

function shape({ event }: EventBlock): readonly Problem[] {
  const { type = "", data = "" } = event ?? {};
  const version = readVersionData(data);
  if (type !== VERSION_EVENT || version === null) {
    const problem = `the first event is "${shown(`${type}: ${data}`)}", which no page takes for a version`;
    const fix = `event: ${VERSION_EVENT}, data: {"type":"version","version":"abc123"}`;
    return [{ level: "fail", problem, fix }];
  }
  if (!version.stale) return [];
  return [
    {
      level: "warn",
      problem: "the gateway cannot reach its ledger, and says what it heard last (stale)",
      fix: "see the gateway's log, and that its --convex-url is right and the ledger runs",
    },
  ];
}
