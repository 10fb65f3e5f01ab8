import { type Check, checked, type Finding, skipped } from "../../check.js";
import { duration, shown } from "../shown.js";
import { firstEvent } from "../version-event.js";
import { PROMPT_MS, type Visit } from "../visit.js";
import { withStream } from "../with-stream.js";

// Not a number, too large for one, and longer than any id of ours.
const ABSURD = `-9e999-${"x".repeat(200)}`;

/** A client that comes back with `Last-Event-ID` learns at once where things stand. */
export const resumes: Check<Visit> = {
  name: "resume",
  promise: "a client that comes back is told at once where things stand",
  look: (visit) =>
    withStream(visit, async (_head, stream) => {
      const where = stream.address;
      const first = firstEvent(stream);
      if (first === null) return skipped("there was no first event");
      const findings: Finding[] = [];
      if (first.id === null) {
        findings.push({
          level: "fail",
          where,
          problem: "events carry no id, so a client cannot say what it heard last",
          fix: "id: <the epoch> with every event",
        });
      }
      for (const lastEventId of [first.id ?? "0", ABSURD]) {
        const again = await visit.open({ lastEventId });
        const { opening } = again;
        const isAnswered = opening.kind === "answered" && opening.head.status === 200;
        if (isAnswered) await again.until(() => firstEvent(again) !== null, PROMPT_MS);
        const block = firstEvent(again);
        const asked = `with "Last-Event-ID: ${shown(lastEventId).slice(0, 20)}"`;
        if (opening.kind === "answered" && opening.head.status !== 200) {
          const problem = `it answers status ${opening.head.status} ${asked}, and browsers then give up for good`;
          const fix = "answer the current version, whatever the id says";
          findings.push({ level: "fail", where, problem, fix });
        } else if (block === null || block.afterMs > PROMPT_MS) {
          const problem = `no event came within ${duration(PROMPT_MS)} ${asked}`;
          const fix = "send the version on every connect, also when nothing has changed";
          findings.push({ level: "fail", where, problem, fix });
        } else if (Number(block.id ?? 0) < Number(first.id ?? 0)) {
          const problem = `the id went back from ${shown(first.id ?? "")} to ${shown(block.id ?? "nothing")}: what answered knows less`;
          const fix = "see that all gateways behind the address have the same ledger and reach it";
          findings.push({ level: "fail", where, problem, fix });
        }
        again.close();
      }
      return checked(
        findings,
        `from id ${shown(first.id ?? "")}, and from one that makes no sense`,
      );
    }),
};
