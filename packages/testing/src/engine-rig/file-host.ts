/** A host of files on loopback, which counts what it is asked. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export class FileHost {
  readonly #server: Server;
  readonly #files = new Map<string, Uint8Array>();
  /** `"GET /nats-2"`, in order. */
  readonly requests: string[] = [];
  /** Awaited before each answer; for a test that wants something to happen meanwhile. */
  before: () => void | Promise<void> = () => {};

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<FileHost> {
    const server = createServer();
    const host = new FileHost(server);
    server.on("request", async (request, response) => {
      host.requests.push(`${request.method} ${request.url}`);
      await host.before();
      const bytes = host.#files.get(request.url ?? "");
      if (bytes === undefined) return response.writeHead(404).end();
      response.writeHead(200, { "content-length": bytes.length }).end(bytes);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return host;
  }

  /** Serves bytes, in place of what was there. @returns Their address. */
  put(path: string, bytes: Uint8Array): string {
    this.#files.set(path, bytes);
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${path}`;
  }

  remove(path: string): void {
    this.#files.delete(path);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
