import { type AddressInfo, connect, createServer } from "node:net";

/** What lies between a process and its ledger, and counts. */
export interface CountingProxy {
  readonly url: string;
  /** Connections so far. */
  connections(): number;
  /** Bytes from the process to the ledger so far. */
  sent(): number;
  close(): void;
}

/** Opens one on a free port. */
export async function openCountingProxy(target: number): Promise<CountingProxy> {
  let connections = 0;
  let sent = 0;
  const sockets = new Set<{ destroy(): void }>();
  const server = createServer((client) => {
    connections++;
    const ledger = connect(target, "127.0.0.1");
    for (const socket of [client, ledger]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        client.destroy();
        ledger.destroy();
      });
    }
    client.on("data", (bytes) => {
      sent += bytes.length;
    });
    client.pipe(ledger);
    ledger.pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: () => connections,
    sent: () => sent,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
