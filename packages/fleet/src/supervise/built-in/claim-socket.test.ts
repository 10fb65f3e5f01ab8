/** Who is told what by a socket that somebody has. */
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { claimSocket } from "./claim-socket.js";

let folder: string;
let servers: Server[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tideline-claim-"));
  servers = [createServer(), createServer()];
});
afterEach(async () => {
  for (const server of servers.filter(({ listening }) => listening)) {
    server.close();
    await once(server, "close");
  }
  await rm(folder, { recursive: true, force: true });
});

test.each(["guard", "supervisor"] as const)(
  "a second %s is told that another one has the socket, and what to do",
  async (who) => {
    const [first, second] = servers as [Server, Server];
    const path = join(folder, "socket");
    await claimSocket(first, path, who);
    await expect(claimSocket(second, path, who)).rejects.toMatchObject({
      message: `Cannot start the ${who}: another ${who} listens on "${path}" already`,
      nextStep: expect.stringMatching(new RegExp(`^Leave that ${who} running`)),
    });
    expect(first.listening).toBe(true);
  },
);
