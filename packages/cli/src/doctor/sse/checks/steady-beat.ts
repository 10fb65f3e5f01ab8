import { type Check, checked, type Finding, skipped } from "../../check.js";
import type { OpenStream } from "../open-stream.js";
import { duration } from "../shown.js";
import { firstEvent, VERSION_EVENT } from "../version-event.js";
import type { Visit } from "../visit.js";
import { withStream } from "../with-stream.js";

// A beat that is a little late on a busy machine is no fault; a missing one is late by its whole.
const SLACK = 1.25;

// Half a beat is what there should be between two messages.
const LONG_SILENCE = 0.75;

/** The version comes again and again, and something in between keeps proxies from hanging up. */
export const steadyBeat: Check<Visit> = {
  name: "beat",
  promise: "the version comes again, and no silence is long",
  look: (visit) =>
    withStream(visit, async (_head, stream) => {
      const { beatMs } = visit;
      if (beatMs === null) return skipped("--quick leaves out the time that it takes");
      const first = firstEvent(stream);
      if (first === null) return skipped("there was no first event");
      const where = stream.address;
      const beats = () =>
        stream.blocks.filter(
          ({ event, afterMs }) => event?.type === VERSION_EVENT && afterMs > first.afterMs,
        );
      // The gateway's beat is one for all its clients, so the first may come at any moment of it: only
      // a whole interval shows what happens in one.
      const watchMs = beatMs * SLACK;
      await stream.until(() => false, first.afterMs + watchMs - stream.ageMs);
      const ended = stream.endedAfterMs;
      const last = stream.blocks.at(-1)?.event;
      if (ended !== null && last?.type === "drain") {
        return skipped("the gateway was being stopped, and sent its clients away: run it again");
      }
      const findings: Finding[] = [];
      const silenceMs = longestSilence(stream);
      const [beat] = beats();
      if (ended !== null) {
        findings.push({
          level: "fail",
          where,
          problem: `the stream was cut off after ${duration(ended)}`,
          fix: "raise the time after which a proxy gives up a silent answer (in nginx proxy_read_timeout) above 60 s, and lift limits on how long a request may last",
        });
      } else if (beat === undefined) {
        findings.push({
          level: "fail",
          where,
          problem: `the version did not come again within ${duration(watchMs)}`,
          fix: `send it every ${duration(beatMs)}; where the gateway is set otherwise, say so with --beat`,
        });
      } else if (silenceMs > beatMs * LONG_SILENCE) {
        findings.push({
          level: "warn",
          where,
          problem: `nothing came for ${duration(silenceMs)}, and some proxies hang up sooner`,
          fix: `send a comment (": keep-alive") every ${duration(beatMs / 2)}`,
        });
      }
      const pause = beat === undefined ? 0 : beat.afterMs - first.afterMs;
      return checked(
        findings,
        `the version came again after ${duration(pause)}; the longest silence in ${duration(watchMs)} was ${duration(silenceMs)}`,
      );
    }),
};

function longestSilence({ blocks, ageMs, endedAfterMs }: OpenStream): number {
  let longest = 0;
  for (const [index, { afterMs }] of blocks.entries()) {
    longest = Math.max(longest, afterMs - (blocks[index - 1]?.afterMs ?? afterMs));
  }
  const lastMs = blocks.at(-1)?.afterMs ?? 0;
  return Math.max(longest, endedAfterMs === null ? ageMs - lastMs : 0);
}
