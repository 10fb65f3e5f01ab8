import { type Check, checked, skipped } from "../../check.js";
import type { Visit } from "../visit.js";
import { withStream } from "../with-stream.js";

/** The gateway counts the stream that is open: how many clients there are. */
export const countedClients: Check<Visit> = {
  name: "clients",
  promise: "the gateway counts its clients",
  look: (visit) =>
    withStream(visit, async (_head, stream) => {
      const where = visit.addresses.health;
      const answer = await visit.ask(where);
      const health = answer.kind === "answered" ? readHealth(answer.body) : null;
      if (health === null) return skipped("/healthz is not to be seen from here");
      const { status, clients } = health;
      if (status !== "ok") {
        const problem = `the gateway says that it is "${status}"`;
        const fix = "see its log; while it is being stopped, another has to run";
        return checked([{ level: "warn", where, problem, fix }]);
      }
      if (clients === 0 && stream.endedAfterMs === null) {
        const problem = "it counts no client though a stream is open: another gateway holds it";
        const fix = "with several gateways that is how it has to be; ask each for itself";
        return checked([{ level: "warn", where, problem, fix }]);
      }
      return checked([], `${clients} ${clients === 1 ? "client" : "clients"}, this one among them`);
    }),
};

function readHealth(body: string): { readonly status: string; readonly clients: number } | null {
  try {
    const { status, clients } = JSON.parse(body) as Record<string, unknown>;
    return typeof status === "string" && typeof clients === "number" ? { status, clients } : null;
  } catch {
    // A page of the application's own.
    return null;
  }
}
