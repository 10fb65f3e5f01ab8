import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { ScriptError } from "./script-error.js";

/**
 * Makes a server listen.
 *
 * @param port 0 takes a free one.
 * @param option The option that changes the port, for the sentence if it cannot be had.
 * @returns Its address, without a slash at its end.
 * @throws {ScriptError} If the port cannot be had.
 */
export async function listen(
  server: Server,
  host: string,
  port: number,
  option: string,
): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const why =
        error.code === "EADDRINUSE"
          ? `the port is in use; stop what uses it, or choose another with ${option}`
          : error.message;
      reject(new ScriptError(`Cannot listen on ${host}:${port}: ${why}`, { cause: error }));
    });
    server.listen(port, host, resolve);
  });
  return `http://${host}:${(server.address() as AddressInfo).port}`;
}
