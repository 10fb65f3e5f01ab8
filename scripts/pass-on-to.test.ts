import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { afterEach, expect, test } from "vitest";
import { passOnTo } from "./pass-on-to.js";

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("a question and its answer pass through with their headers, those of one connection apart", async () => {
  const behind = await serve((request, response) => {
    response.writeHead(200, { etag: '"a"', "x-asked": JSON.stringify(request.headers) });
    response.end(`${request.method} ${request.url}`);
  });
  const front = await serve(passOnTo(`${behind}/tideline/`));
  const answer = await fetch(`${front}/version?appName=web`, {
    headers: { "if-none-match": '"a"', te: "trailers" },
  });
  expect([answer.status, await answer.text()]).toEqual([200, "GET /tideline/version?appName=web"]);
  expect(answer.headers.get("etag")).toBe('"a"');
  const asked = JSON.parse(answer.headers.get("x-asked") ?? "") as Record<string, string>;
  expect(asked).toMatchObject({ "if-none-match": '"a"', host: new URL(behind).host });
  expect(asked).not.toHaveProperty("te");
});

test("a stream is open before its first event, comes event by event, and ends behind when a reader leaves", async () => {
  let say = (_: string) => {};
  let left: Promise<unknown> = Promise.resolve();
  const behind = await serve((_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
    say = (event) => response.write(event);
    left = once(response, "close");
  });
  const front = await serve(passOnTo(behind));
  const leaving = new AbortController();
  const answer = await fetch(front, { signal: leaving.signal });
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  for (const event of ["data: 1\n\n", "data: 2\n\n"]) {
    say(event);
    expect((await reader?.read())?.value).toBe(event);
  }
  leaving.abort();
  await left;
});

test("a stream that breaks behind breaks in front, and what cannot be reached is 502", async () => {
  const behind = await serve((_, response) => {
    response.writeHead(200).write("half", () => response.destroy());
  });
  const front = await serve(passOnTo(behind));
  await expect(fetch(front).then((answer) => answer.text())).rejects.toThrow();

  const [server] = servers.splice(0, 1);
  await new Promise((resolve) => server?.close(resolve));
  const answer = await fetch(front);
  expect([answer.status, await answer.json()]).toEqual([
    502,
    { code: "BAD_GATEWAY", message: "The gateway cannot be reached" },
  ]);
});

test("bytes that are no request harm nobody", async () => {
  const front = await serve(
    passOnTo(await serve((_, response) => void response.end("still here"))),
  );
  const socket = connect(Number(new URL(front).port), "127.0.0.1");
  socket.end("GET /version HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab");
  socket.resume();
  await once(socket, "close");
  expect(await (await fetch(front)).text()).toBe("still here");
});

test.each(["gateway:8780", "https://gateway", "", "nonsense"])(
  "passOnTo(%j) says what it expects",
  (url) => {
    expect(() => passOnTo(url)).toThrow(
      `Cannot pass requests on to "${url}": expected an address like http://gateway:8780`,
    );
  },
);
