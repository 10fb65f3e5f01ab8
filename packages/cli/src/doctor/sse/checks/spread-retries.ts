import { type Check, checked, skipped } from "../../check.js";
import { duration } from "../shown.js";
import type { Visit } from "../visit.js";
import { withStream } from "../with-stream.js";

// Two may be equal by chance.
const ENOUGH = 3;

/** Clients that lose their stream at one moment do not all come back at one moment. */
export const spreadRetries: Check<Visit> = {
  name: "retry",
  promise: "clients are told to come back at different times",
  look: (visit) =>
    withStream(visit, (_head, { address: where }) => {
      const delays = visit.streams.flatMap(({ blocks }) =>
        blocks.flatMap(({ retryMs }) => (retryMs === null ? [] : [retryMs])).slice(0, 1),
      );
      const answered = visit.streams.filter(({ blocks }) => blocks.length > 0).length;
      if (answered === 0) return skipped("nothing came");
      const fix = "retry: <a number of its own for each connection, from 2000 to 5000>";
      if (delays.length === 0) {
        const problem = "no retry is sent: browsers all come back 3 s after a restart";
        return checked([{ level: "warn", where, problem, fix }]);
      }
      if (delays.length >= ENOUGH && new Set(delays).size === 1) {
        const problem = `everybody is told to come back after the same ${duration(delays[0] ?? 0)}`;
        return checked([{ level: "warn", where, problem, fix }]);
      }
      return checked([], `after ${delays.map((delay) => duration(delay)).join(", ")}`);
    }),
};
