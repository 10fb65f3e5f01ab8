import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A wire to a server that can be taken out and put back. */
export interface SwitchableProxy {
  readonly url: string;
  /** Ends every connection and takes no new one. */
  takeOut(): void;
  putBack(): void;
  close(): Promise<void>;
}

/** Passes bytes on to a server of this machine. */
export async function startSwitchableProxy(target: string): Promise<SwitchableProxy> {
  const port = Number(new URL(target).port);
  const sockets = new Set<Socket>();
  let isIn = true;
  const server = createServer((socket) => {
    if (!isIn) {
      socket.destroy();
      return;
    }
    const onward = connect(port, "127.0.0.1");
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      sockets.add(one);
      // Either end may break at any time, here on purpose; then so does the other.
      one.on("error", () => other.destroy());
      one.on("close", () => {
        sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const takeOut = () => {
    isIn = false;
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    takeOut,
    putBack() {
      isIn = true;
    },
    async close() {
      takeOut();
      server.close();
      await once(server, "close");
    },
  };
}
