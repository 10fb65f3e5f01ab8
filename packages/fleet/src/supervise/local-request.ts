import { request } from "node:http";
import type { SupervisorAddress } from "./supervisor-address.js";

/** One request to a supervisor. */
export interface LocalRequest {
  readonly method: "GET" | "POST" | "PATCH";
  /** With its query, names encoded. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** What came back. */
export interface LocalAnswer {
  readonly status: number;
  readonly body: string;
}

// A page of logs is the largest honest answer; what is longer is no supervisor.
const MAX_BODY = 16 * 1024 * 1024;

/**
 * Sends one request over a unix socket or a port; fetch knows no unix sockets.
 *
 * @throws {Error} If nothing answers in time, the connection is cut or `signal` aborts.
 */
export function localRequest(
  address: SupervisorAddress,
  { method, path, headers, timeoutMs, signal }: LocalRequest,
): Promise<LocalAnswer> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const where =
      address.kind === "socket"
        ? { socketPath: address.path, host: "localhost" }
        : { host: address.host, port: address.port };
    // No agent: a kept connection would be found dead at the first request after a restart.
    const call = request({ ...where, method, path, headers, agent: false }, (answer) => {
      const parts: Buffer[] = [];
      let size = 0;
      answer.on("data", (part: Buffer) => {
        size += part.length;
        if (size > MAX_BODY) call.destroy(new Error(`Cannot read more than ${MAX_BODY} bytes`));
        else parts.push(part);
      });
      answer.on("end", () => {
        finish(() =>
          resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(parts).toString("utf8") }),
        );
      });
      answer.on("error", fail);
    });
    const timer = setTimeout(
      () => call.destroy(new Error(`No answer within ${timeoutMs} ms`)),
      timeoutMs,
    );
    const abort = () => call.destroy(signal.reason as Error);
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      settle();
    };
    const fail = (error: Error) => finish(() => reject(error));
    signal.addEventListener("abort", abort, { once: true });
    call.on("error", fail);
    // An answer that is cut after its head ends without "end" and without "error".
    call.on("close", () => fail(new Error("The connection was cut")));
    call.end();
  });
}
