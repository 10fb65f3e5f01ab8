import { connect, createServer, type Server, type Socket } from "node:net";

/**
 * Stands between a client and a server on a unix socket, and cuts connections when it is told to.
 */
export class CuttableProxy {
  readonly #server: Server;
  readonly #connections = new Map<Socket, { isStream: boolean }>();
  readonly #path: string;
  /** Whether WebSockets are cut as soon as they are asked for. */
  refusesStreams = false;
  /** How many WebSockets were asked for so far. */
  streams = 0;
  #onStream: () => void = () => {};

  private constructor(path: string, target: string) {
    this.#path = path;
    this.#server = createServer((socket) => {
      const upstream = connect(target);
      const connection = { isStream: false };
      this.#connections.set(socket, connection);
      socket.once("data", (bytes: Buffer) => {
        if (/^upgrade: websocket/im.test(bytes.toString("latin1"))) {
          connection.isStream = true;
          this.streams += 1;
          this.#onStream();
          if (this.refusesStreams) return void socket.destroy();
        }
        upstream.write(bytes);
        socket.pipe(upstream);
      });
      upstream.pipe(socket);
      for (const [end, other] of [
        [socket, upstream],
        [upstream, socket],
      ] as const) {
        end.on("error", () => other.destroy());
        end.on("close", () => other.destroy());
      }
      socket.on("close", () => this.#connections.delete(socket));
    });
    this.#server.listen(path);
  }

  /** @param path Where it listens. @param target Where the server listens. */
  static async start(path: string, target: string): Promise<CuttableProxy> {
    const proxy = new CuttableProxy(path, target);
    await new Promise((resolve) => proxy.#server.once("listening", resolve));
    return proxy;
  }

  get address(): string {
    return `unix:${this.#path}`;
  }

  /** Cuts the WebSockets that are open. */
  cutStreams(): void {
    for (const [socket, { isStream }] of this.#connections) if (isStream) socket.destroy();
  }

  /** Resolves when the next WebSocket is asked for. */
  nextStream(): Promise<void> {
    return new Promise((resolve) => {
      this.#onStream = resolve;
    });
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#connections.keys()) socket.destroy();
  }
}
