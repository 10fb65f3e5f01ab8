import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { describeListener, findListener } from "./find-listener.js";

describe.runIf(process.platform === "linux")("findListener()", () => {
  it.each(["127.0.0.1", "::"])("names the program that listens on a port of %s", async (host) => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const listener = await findListener(port);
    expect(listener).toMatchObject({ pid: process.pid });
    expect(describeListener(listener ?? expect.fail())).toMatch(
      new RegExp(`^.+ \\(pid ${process.pid}\\)$`),
    );
    await new Promise((resolve) => server.close(resolve));
    expect(await findListener(port)).toBeNull();
  });
});
