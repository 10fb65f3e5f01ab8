import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { StartError } from "../start-error.js";

/**
 * Binds a server.
 *
 * @param option The option that changes the port, for the sentence if it cannot be had.
 * @returns The port, which is a free one if 0 was asked for.
 * @throws {StartError} If the port is in use, not allowed, or the host is not this machine's.
 */
export function listen(
  server: Server,
  host: string,
  port: number,
  option: string,
): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const why = explain(error, option);
      reject(new StartError(`Cannot listen on ${host}:${port}: ${why}`, { cause: error }));
    });
    server.listen(port, host, () => {
      server.removeAllListeners("error");
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function explain(error: NodeJS.ErrnoException, option: string): string {
  switch (error.code) {
    case "EADDRINUSE":
      return `the port is in use; stop what uses it, or choose another with ${option}`;
    case "EACCES":
      return `this user may not use the port; choose one above 1023 with ${option}`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return "the host is not an address of this machine; choose another with --host";
    default:
      return error.message;
  }
}
