/** What is said of requests that failed, by the errors that Node really gives. */
import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createTcpServer, type Server } from "node:net";
import { afterAll, expect, test } from "vitest";
import { networkReason } from "./network-reason.js";

const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.close();
});

async function listen(server: Server): Promise<number> {
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as { port: number }).port;
}

async function reasonOf(url: string): Promise<string> {
  return await fetch(url).then(
    () => "it answered",
    (error) => networkReason(error),
  );
}

test("redirects in a circle", async () => {
  const port = await listen(
    createServer((_request, response) => void response.writeHead(302, { location: "/" }).end()),
  );
  expect(await reasonOf(`http://127.0.0.1:${port}/`)).toBe("it redirects on and on");
});

test("a redirect to what is no address of the web", async () => {
  const port = await listen(
    createServer((_request, response) => {
      response.writeHead(302, { location: "ftp://127.0.0.1/" }).end();
    }),
  );
  expect(await reasonOf(`http://127.0.0.1:${port}/`)).toBe(
    "it redirects to an address that is not http",
  );
});

test("a port that browsers refuse", async () => {
  expect(await reasonOf("http://127.0.0.1:1/")).toBe(
    "browsers refuse to open its port, use another",
  );
});

test("https to a port of http", async () => {
  const port = await listen(createServer());
  expect(await reasonOf(`https://127.0.0.1:${port}/`)).toBe(
    "what answers there speaks no TLS; is it http in place of https?",
  );
});

test("a server of something else", async () => {
  const port = await listen(createTcpServer((socket) => void socket.end("SSH-2.0-x\r\n")));
  expect(await reasonOf(`http://127.0.0.1:${port}/`)).toMatch(
    /^what answers there speaks no HTTP \([^\n]+\)$/,
  );
});

test("nobody listens, at any of a host's addresses", async () => {
  const server = createServer();
  const port = await listen(server);
  server.close();
  expect(await reasonOf(`http://localhost:${port}/`)).toMatch(/ECONNREFUSED/);
});
