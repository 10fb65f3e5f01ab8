import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";

/** Gives a port that nobody listens on at this moment, or the one that is asked for. */
export async function choosePort(wanted: number): Promise<number> {
  if (wanted !== 0) return wanted;
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
