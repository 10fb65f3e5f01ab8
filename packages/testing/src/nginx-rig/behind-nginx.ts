/** A ledger, two real gateways and an application behind nginx with the documented block. */
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { change, documentedBlock, documentedRoom } from "./documented-block.js";
import { type GatewayProcess, startGatewayProcess } from "./gateway-process.js";
import { freePort, type Nginx, startNginx } from "./nginx.js";
import { startWebLedger, type WebLedger } from "./web-ledger.js";

/** What differs from the documents. */
export interface BehindOptions {
  /** Texts of the block that are replaced by others. */
  readonly changes?: readonly (readonly [string, string])[];
  /** What else the gateways are started with. */
  readonly gatewayArgs?: readonly string[];
  /** The ledger that the gateways are told of. @default one of its own */
  readonly convexUrl?: string;
  /** The application's answer. */
  readonly application?: RequestListener;
}

/** All of it, running. */
export interface BehindNginx {
  /** nginx. */
  readonly url: string;
  readonly ledger: WebLedger;
  readonly gateways: readonly [GatewayProcess, GatewayProcess];
  readonly nginx: Nginx;
  close(): Promise<void>;
}

/** Starts everything. */
export async function startBehindNginx(
  program: string,
  options: BehindOptions = {},
): Promise<BehindNginx> {
  const { changes = [], gatewayArgs = [] } = options;
  const application = createServer(
    options.application ?? ((_request, response) => void response.end("the application")),
  ).listen(0, "127.0.0.1");
  const ledger = await startWebLedger();
  const start = () => startGatewayProcess(options.convexUrl ?? ledger.url, gatewayArgs);
  const gateways = await Promise.all([start(), start()]);
  if (!application.listening) await once(application, "listening");
  const port = await freePort();
  const block = await documentedBlock({
    port,
    gateways: [gateways[0].port, gateways[1].port],
    application: (application.address() as AddressInfo).port,
  });
  const nginx = await startNginx(program, {
    room: await documentedRoom(),
    http: change(block, changes),
  });
  return {
    url: `http://127.0.0.1:${port}`,
    ledger,
    gateways,
    nginx,
    async close() {
      await nginx.stop();
      await Promise.all(gateways.map((gateway) => gateway.stop("SIGKILL")));
      application.closeAllConnections();
      application.close();
      await ledger.close();
    },
  };
}
