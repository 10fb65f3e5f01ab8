import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { startLocalGateway } from "./local-gateway.js";

test("a gateway answers 503 until it follows a ledger, and ends its streams when it is closed", async () => {
  // Nobody who speaks Convex: the gateway says that it has heard nothing, and goes on trying.
  const ledger = createServer((_, response) => response.writeHead(404).end());
  ledger.listen(0, "127.0.0.1");
  await once(ledger, "listening");
  const gateway = await startLocalGateway(0);
  try {
    const early = await fetch(`${gateway.url}/healthz`);
    expect([early.status, early.headers.get("retry-after")]).toEqual([503, "1"]);

    const lines: string[] = [];
    gateway.open({
      convexUrl: `http://127.0.0.1:${(ledger.address() as AddressInfo).port}`,
      ...{ allowedOrigins: ["http://web.test"], script: "", log: (line) => lines.push(line) },
    });
    const stream = await fetch(
      `${gateway.url}/events/version?appName=marketing&environment=local`,
      { headers: { origin: "http://web.test" } },
    );
    expect(stream.status).toBe(200);
    expect(stream.headers.get("access-control-allow-origin")).toBe("http://web.test");
    expect(lines[0]).toBe("[gateway] INFO: New SSE connection established, total clients: 1");

    const text = stream.text();
    await gateway.close();
    expect(await text).toContain("event: drain");
    expect(lines.at(-1)).toBe("[gateway] INFO: SSE connection closed, total clients: 0");
  } finally {
    await gateway.close();
    ledger.close();
    ledger.closeAllConnections();
  }
});

test("a port that is taken is a sentence that names the option", async () => {
  const first = await startLocalGateway(0);
  const { host, port } = new URL(first.url);
  await expect(startLocalGateway(Number(port))).rejects.toThrow(
    `Cannot listen on ${host}: the port is in use; stop what uses it, or choose another with --gateway-port`,
  );
  await first.close();
});
