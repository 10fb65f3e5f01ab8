/** The half of a bench that runs inside each server's process, the same for all of them. */
import type { AddressInfo, Server } from "node:net";
import { clockMs } from "./clock.js";

/** What a bench asks of a server's process. */
export type ServerCommand =
  /** Tell all clients this text. Answered with the moment at which it began. */
  | { readonly tell: string }
  /** Collect garbage and say what is left. */
  | { readonly weigh: true };

/** What is left after garbage was collected. */
export interface Weight {
  /** Of the whole process, in bytes. */
  readonly resident: number;
  /** JavaScript objects and what they hold outside the heap, in bytes. */
  readonly held: number;
}

/**
 * Says the port to the parent and does what the parent asks.
 *
 * @param tell Gives a text to all clients.
 */
export function serveBench(port: number, tell: (text: string) => void): void {
  process.on("message", async (command: ServerCommand) => {
    if ("tell" in command) {
      const startedAt = clockMs();
      tell(command.tell);
      process.send?.(startedAt);
    } else {
      process.send?.(await weigh());
    }
  });
  process.on("disconnect", () => process.exit());
  process.send?.(port);
}

/** The same for a server that does not listen yet. */
export function listenBench(server: Server, tell: (text: string) => void): void {
  server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () =>
    serveBench((server.address() as AddressInfo).port, tell),
  );
}

async function weigh(): Promise<Weight> {
  // Pages go back to the system after the collection, from another thread.
  for (let pass = 0; pass < 3; pass++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  return { resident: rss, held: heapUsed + external };
}
