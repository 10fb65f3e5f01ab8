/**
 * A client in a process of its own, as the one that measures is busy with updating: asks a service
 * whether it is ready, one request after the other with 1 ms in between, and tells when the answer
 * becomes another. Moments are of the monotonic clock, which all processes of a machine share.
 */
import { get } from "node:http";

/** Where a service is asked. */
export type Address = { readonly port: number } | { readonly socketPath: string };

/** Whom to ask from now on; null: nobody. */
export interface AskMessage {
  readonly whom: Address | null;
}

/** What somebody who asks is told. */
export type Answer = "ready" | "not-ready" | "down";

/** The answer has become another. */
export interface Change {
  readonly answer: Answer;
  /** When it came, in ms. */
  readonly at: number;
  /** When the one before came for the last time. */
  readonly beforeAt: number;
}

/** Milliseconds of the machine's monotonic clock. */
export const clock = (): number => Number(process.hrtime.bigint()) / 1e6;

const REST_MS = 1;
const PATIENCE_MS = 1_000;

// Imported for its types and its clock as well.
if (process.send !== undefined && process.argv[2] === "ask") {
  let round = 0;
  process.on("message", ({ whom }: AskMessage) => {
    round += 1;
    if (whom !== null) void askUntilTold(whom, round);
  });
  process.on("disconnect", () => process.exit());

  async function askUntilTold(address: Address, mine: number): Promise<void> {
    let before: Pick<Change, "answer" | "at"> | undefined;
    while (round === mine) {
      const answer = await ask(address);
      if (round !== mine) return;
      const at = clock();
      if (answer !== before?.answer) {
        process.send?.({ answer, at, beforeAt: before?.at ?? at } satisfies Change);
      }
      before = { answer, at };
      await new Promise((resolve) => setTimeout(resolve, REST_MS));
    }
  }
}

function ask(address: Address): Promise<Answer> {
  return new Promise((resolve) => {
    const where = "port" in address ? { host: "127.0.0.1", ...address } : address;
    // A connection for each request: one that is kept would be of the process before.
    const request = get({ ...where, path: "/ready", agent: false }, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode === 200 ? "ready" : "not-ready"));
      response.on("error", () => resolve("down"));
    });
    request.setTimeout(PATIENCE_MS, () => request.destroy());
    request.on("error", () => resolve("down"));
    request.on("close", () => resolve("down"));
  });
}
