/** `tideline doctor sse` against servers that do it right, and in each of the wrong ways. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Server as TcpServer,
} from "node:net";
import { tmpdir } from "node:os";
import { createGzip } from "node:zlib";
import { type BuiltCli, buildCli, runCli } from "@tideline/testing/built-cli";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { run } from "../../run.js";
import { SSE_CHECKS } from "./sse-checks.js";

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const closing: (() => unknown)[] = [];
afterAll(() => {
  for (const close of closing.splice(0)) close();
});

async function serve(handler: Handler): Promise<string> {
  return await listen(createServer(handler));
}

async function listen(server: Server | TcpServer): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => {
    if ("closeAllConnections" in server) server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const BEAT_MS = 2000;
const ETAG = '"one"';
const message = (version = "abc123", stale = false) =>
  JSON.stringify({ type: "version", version, stale, latest: null });
const event = (data = message(), id = "id: 7\n") => `${id}event: version_update\ndata: ${data}\n\n`;

/** What a gateway does wrong; without any, it is as it should be. */
interface Faults {
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** Sent at once; a new one for each connection. */
  readonly hello?: (connection: number) => string;
  readonly comment?: string;
  readonly beat?: string;
  /** Sends the head ahead of the rest for whoever asks for that. */
  readonly isProbed?: boolean;
  /** Takes a connection over, if it says so. */
  readonly answer?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

function gateway({ headers = {}, hello, comment, beat, isProbed, answer }: Faults = {}): Handler {
  let connections = 0;
  let clients = 0;
  return (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://gateway");
    if (answer?.(request, response)) return;
    if (pathname === "/healthz") {
      response.end(JSON.stringify({ status: "ok", stale: false, clients }));
    } else if (pathname === "/version") {
      const isSame = request.headers["if-none-match"] === ETAG;
      response.writeHead(isSame ? 304 : 200, { etag: ETAG, "cache-control": "no-cache" });
      response.end(isSame ? undefined : message());
    } else if (pathname === "/events/version") {
      clients++;
      connections++;
      const probe = isProbed ? request.headers["tideline-probe"] : undefined;
      const all = {
        ...(probe !== undefined && { "tideline-probe": probe }),
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-cache",
        "x-accel-buffering": "no",
        ...headers,
      };
      response.writeHead(
        200,
        Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)),
      );
      response.flushHeaders();
      const first = hello?.(connections) ?? `retry: ${2000 + connections}\n\n${event()}`;
      if (probe === undefined) response.write(first);
      else setTimeout(() => response.write(first), Number(probe));
      let ticks = 0;
      const timer = setInterval(() => {
        const text = ++ticks % 2 === 0 ? (beat ?? event()) : (comment ?? ": keep-alive\n\n");
        if (text !== "") response.write(text);
      }, BEAT_MS / 2);
      response.once("close", () => {
        clients--;
        clearInterval(timer);
      });
    } else {
      response.writeHead(404).end();
    }
  };
}

interface Report {
  readonly code: number;
  readonly checks: Readonly<Record<string, { readonly state: string; readonly text: string }>>;
}

/** Runs the command as the program does; gives what each check said. */
async function doctor(url: string, ...args: readonly string[]): Promise<Report> {
  let output = "";
  const code = await run(["doctor", "sse", url, "--json", "--beat", `${BEAT_MS / 1000}`, ...args], {
    cwd: tmpdir(),
    env: {},
    print: (line) => {
      output += line;
    },
    log: () => {},
    signal: new AbortController().signal,
  });
  const { checks } = JSON.parse(output);
  return {
    code,
    checks: Object.fromEntries(
      checks.map(({ name, state, findings, said, why }: Record<string, unknown>) => [
        name,
        {
          state,
          text: [
            ...(findings as { problem: string; fix: string }[]).map(
              ({ problem, fix }) => `${problem}; ${fix}`,
            ),
            said ?? why ?? "",
          ].join("\n"),
        },
      ]),
    ),
  };
}

/** Serves a page at every path that is no gateway's; those are not found. */
async function servePage(html: string): Promise<string> {
  return await serve((request, response) => {
    const isPage = !/^\/(events\/)?version|^\/healthz/.test(request.url ?? "");
    response.writeHead(isPage ? 200 : 404, { "content-type": "text/html" }).end(html);
  });
}

function notOk({ checks }: Report): string[] {
  return Object.entries(checks)
    .filter(([, { state }]) => state === "fail" || state === "warn")
    .map(([name]) => name);
}

test("a gateway that nothing is wrong with passes every check", async () => {
  const report = await doctor(await serve(gateway()));
  expect(notOk(report)).toEqual([]);
  expect(report.code).toBe(0);
  expect(report.checks.cors?.state).toBe("skipped");
  expect(report.checks.clients?.text).toBe("1 client, this one among them");
  expect(report.checks.retry?.text).toBe("after 2 s, 2 s, 2 s");
  expect(report.checks.page).toEqual({ state: "skipped", text: "no page was read at the address" });
  expect(Object.keys(report.checks)).toEqual(SSE_CHECKS.map(({ name }) => name));
});

/** Holds the first bytes of a stream back, as a proxy with a buffer does. */
function buffering(origin: string, holdsHeaders: boolean): Handler {
  return async (request, response) => {
    const abort = new AbortController();
    response.once("close", () => abort.abort());
    const { headers } = request;
    const { connection: _, host: __, ...rest } = headers as Record<string, string>;
    const upstream = await fetch(`${origin}${request.url}`, {
      headers: rest,
      signal: abort.signal,
    });
    const head = () => {
      for (const [name, value] of upstream.headers) response.setHeader(name, value);
      response.statusCode = upstream.status;
      response.flushHeaders();
    };
    if (!upstream.headers.get("content-type")?.startsWith("text/event-stream")) {
      head();
      response.end(Buffer.from(await upstream.arrayBuffer()));
      return;
    }
    if (!holdsHeaders) head();
    const held: Uint8Array[] = [];
    try {
      for await (const bytes of upstream.body ?? []) held.push(bytes);
    } catch {
      // The client has gone.
    }
  };
}

/** Passes every piece on at once, but the headers only with the first. */
function keepingHeaders(origin: string): Handler {
  return async (request, response) => {
    const abort = new AbortController();
    response.once("close", () => abort.abort());
    const { connection: _, host: __, ...headers } = request.headers as Record<string, string>;
    const upstream = await fetch(`${origin}${request.url}`, { headers, signal: abort.signal });
    for (const [name, value] of upstream.headers) response.setHeader(name, value);
    response.statusCode = upstream.status;
    try {
      for await (const bytes of upstream.body ?? []) response.write(bytes);
    } catch {
      // The client has gone.
    }
    response.end();
  };
}

/** Passes a stream on in pieces of several messages. */
function gathering(origin: string, count: number): Handler {
  return async (request, response) => {
    const abort = new AbortController();
    response.once("close", () => abort.abort());
    const upstream = await fetch(`${origin}${request.url}`, { signal: abort.signal });
    for (const [name, value] of upstream.headers) response.setHeader(name, value);
    response.flushHeaders();
    let isFirst = true;
    let held: Uint8Array[] = [];
    try {
      for await (const bytes of upstream.body ?? []) {
        held.push(bytes);
        if (!isFirst && held.length < count) continue;
        response.write(Buffer.concat(held));
        held = [];
        isFirst = false;
      }
    } catch {
      // The client has gone.
    }
    response.end();
  };
}

describe.concurrent("a proxy that buffers", () => {
  test.each([
    ["the headers too", true],
    ["what follows the headers", false],
  ])("is found where it holds back %s", async (_, holdsHeaders) => {
    const proxy = await serve(buffering(await serve(gateway()), holdsHeaders));
    const report = await doctor(proxy, "--quick");
    expect(report.code).toBe(1);
    expect(notOk(report)).toEqual(["first-event", "buffering"]);
    expect(report.checks.buffering?.text).toMatch(/though \/version took .* proxy_buffering off/);
  });

  test("is found where it keeps the headers until there is an event", async () => {
    const origin = await serve(gateway({ isProbed: true }));
    expect((await doctor(origin, "--quick")).checks.buffering?.state).toBe("ok");
    const report = await doctor(await serve(keepingHeaders(origin)), "--quick");
    expect(notOk(report)).toEqual(["buffering"]);
    expect(report.checks.buffering?.text).toMatch(/^the headers came only with the first event/);
  });

  test("is found where it passes the first bytes and then gathers", async () => {
    const proxy = await serve(gathering(await serve(gateway()), 3));
    const report = await doctor(proxy, "--beat", "4");
    expect(notOk(report)).toContain("buffering");
    expect(report.checks.buffering?.text).toMatch(
      /^\d messages came in one burst after [2-3](\.\d)? s of silence/,
    );
  });

  test("a gateway that is slow at everything is no proxy that buffers", async () => {
    const slow = gateway();
    const url = await serve((request, response) => {
      setTimeout(() => slow(request, response), 1200);
    });
    const report = await doctor(url, "--quick");
    expect(report.checks["first-event"]?.state).toBe("fail");
    expect(report.checks.buffering?.text).toMatch(/and \/version is no faster/);
  });

  test("a change beside a beat is no burst", async () => {
    let sent = 0;
    const report = await doctor(
      await serve(gateway({ beat: event(message(`v${++sent}`)) + event(message("next")) })),
    );
    expect(report.checks.buffering?.state).toBe("ok");
  });
});

describe.concurrent("one fault is one finding, with what mends it", () => {
  const cases: readonly [string, Faults, string, RegExp][] = [
    [
      "no content-type",
      { headers: { "content-type": undefined } },
      "headers",
      /no content-type.*text\/event-stream/,
    ],
    [
      "another content-type",
      { headers: { "content-type": "text/plain" } },
      "headers",
      /"content-type: text\/plain"/,
    ],
    [
      "no cache-control",
      { headers: { "cache-control": undefined } },
      "headers",
      /Cache-Control: no-cache/,
    ],
    [
      "no x-accel-buffering",
      { headers: { "x-accel-buffering": undefined } },
      "headers",
      /X-Accel-Buffering: no/,
    ],
    ["connection: close", { headers: { connection: "close" } }, "headers", /does not stay/],
    [
      "an event without a name",
      { hello: () => 'id: 7\ndata: {"version":"a"}\n\n' },
      "first-event",
      /no page takes for a version; event: version_update/,
    ],
    [
      "data that is no JSON",
      { hello: () => event("abc123") },
      "first-event",
      /"version_update: abc123"/,
    ],
    [
      "a ledger that is away",
      { hello: () => event(message("abc123", true)) },
      "first-event",
      /cannot reach its ledger/,
    ],
    ["events without an id", { hello: () => event(message(), "") }, "resume", /carry no id/],
    ["no retry", { hello: () => event() }, "retry", /no retry is sent/],
    ["one retry for all", { hello: () => `retry: 3000\n\n${event()}` }, "retry", /the same 3 s/],
    ["no comments", { comment: "" }, "beat", /nothing came for (2|2\.\d|1\.9) s/],
    ["no beat", { beat: "" }, "beat", /did not come again within 2\.5 s/],
  ];
  test.each(cases)("%s", async (_, faults, name, text) => {
    const report = await doctor(
      await serve(gateway(faults)),
      ...(name === "beat" ? [] : ["--quick"]),
    );
    expect(notOk(report)).toContain(name);
    expect(report.checks[name]?.text).toMatch(text);
  });

  test("a first event that comes late", async () => {
    const url = await serve(gateway({ hello: () => ": wait\n\n", comment: "", beat: event() }));
    expect((await doctor(url, "--quick")).checks["first-event"]?.text).toMatch(
      /came after (2|2\.\d|1\.9) s/,
    );
  });

  test("a stream that a proxy cuts off", async () => {
    const url = await serve(
      gateway({
        answer: (request, response) => {
          if (request.url === "/events/version") setTimeout(() => response.destroy(), 300);
          return false;
        },
      }),
    );
    const report = await doctor(url);
    expect(report.checks.beat?.text).toMatch(/cut off after 3\d\d ms; raise .*proxy_read_timeout/);
    expect(report.checks.buffering).toEqual({
      state: "skipped",
      text: expect.stringMatching(
        /^the greeting came at once, and no further message, as the stream was cut off after 3\d\d ms/,
      ),
    });
  });

  test("a stream that a proxy cuts off after a beat that came early", async () => {
    const url = await serve(
      gateway({
        answer: (request, response) => {
          if (request.url === "/events/version") {
            setTimeout(() => response.write(event()), 300);
            setTimeout(() => response.destroy(), BEAT_MS / 2 + 300);
          }
          return false;
        },
      }),
    );
    const report = await doctor(url);
    expect(report.checks.beat?.text).toMatch(
      /cut off after 1\.[3-6] s; raise .*proxy_read_timeout/,
    );
  });

  test("a gateway that is being stopped meanwhile cuts nothing off", async () => {
    const url = await serve(
      gateway({
        answer: (request, response) => {
          if (request.url === "/events/version") {
            setTimeout(() => response.end('event: drain\ndata: {"retryMs":50}\n\n'), 300);
          }
          return false;
        },
      }),
    );
    expect((await doctor(url)).checks.beat?.text).toMatch(/^the gateway was being stopped/);
  });

  test("a stream that is compressed, though punctual", async () => {
    const url = await serve(
      gateway({
        answer: (request, response) => {
          if (request.url === "/healthz") {
            response.writeHead(404).end();
            return true;
          }
          if (request.url !== "/events/version") return false;
          response.writeHead(200, {
            "content-type": "text/event-stream",
            "cache-control": "no-cache",
            "x-accel-buffering": "no",
            "content-encoding": "gzip",
          });
          const zip = createGzip();
          zip.pipe(response);
          zip.write(`retry: ${2000 + Math.floor(performance.now() % 3000)}\n\n${event()}`);
          zip.flush();
          return true;
        },
      }),
    );
    const report = await doctor(url, "--quick");
    expect(notOk(report)).toEqual(["compression"]);
    expect(report.code).toBe(0);
  });

  test("a resume that is refused", async () => {
    const url = await serve(
      gateway({
        answer: (request, response) => {
          if (!/^-9e999/.test(String(request.headers["last-event-id"] ?? ""))) return false;
          response.writeHead(400).end();
          return true;
        },
      }),
    );
    expect((await doctor(url, "--quick")).checks.resume?.text).toMatch(
      /status 400 with "Last-Event-ID: -9e999-.*give up for good/,
    );
  });

  test("a resume that gets nothing, because nothing has changed", async () => {
    const url = await serve(
      gateway({
        answer: (request, response) => {
          if (request.headers["last-event-id"] !== "7") return false;
          response.writeHead(200, { "content-type": "text/event-stream" }).write(": hello\n\n");
          return true;
        },
      }),
    );
    expect((await doctor(url, "--quick")).checks.resume?.text).toMatch(/no event came within 1 s/);
  });
});

describe("refusals", () => {
  const refusals: readonly [number, string, RegExp][] = [
    [
      404,
      '{"code":"UNKNOWN_TARGET","message":"no"}',
      /UNKNOWN_TARGET: no.*\?appName=web&environment=/,
    ],
    [
      400,
      '{"code":"INVALID_ARGUMENT","message":"expected appName and environment in the query"}',
      /serves several targets: name one of them in the address, \?appName=web&environment=/,
    ],
    [404, "<h1>Not found</h1>", /status 404; pass \/events\/version on/],
    [401, "", /login/],
    [502, "", /where the proxy looks for it/],
    [503, '{"code":"TOO_MANY_CONNECTIONS","message":"full"}', /allow more connections/],
    [503, '{"code":"DRAINING","message":"bye"}', /proxy_next_upstream/],
    [500, "", /the gateway's log/],
  ];
  test.each(refusals)("%i %s", async (status, body, text) => {
    const report = await doctor(
      await serve((_request, response) => void response.writeHead(status).end(body)),
    );
    expect(report.code).toBe(1);
    expect(report.checks.stream?.text).toMatch(text);
    expect(report.checks["first-event"]?.state).toBe("skipped");
  });

  test("nobody listens", async () => {
    const server = createServer();
    const url = await listen(server);
    server.close();
    const report = await doctor(url);
    expect([report.code, report.checks.stream?.text]).toEqual([
      1,
      expect.stringMatching(/was not reached: connect ECONNREFUSED/),
    ]);
  });

  test("a page in place of the stream", async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { "content-type": "text/html" }).end("<p>hello</p>");
    });
    const report = await doctor(`${url}/events/version`);
    expect(report.checks.stream?.text).toMatch(/a page is answered in place/);
  });

  test("what is no HTTP is a finding, and so is a connection that is cut off", async () => {
    for (const greeting of ["SSH-2.0-x\r\n", ""]) {
      const url = await listen(createTcpServer((socket) => void socket.end(greeting)));
      const report = await doctor(url);
      expect([report.code, report.checks.stream?.state]).toEqual([1, "fail"]);
    }
  });
});

describe("a target that is not named, or not served", () => {
  const refusing =
    (code: string, message: string): Handler =>
    (_request, response) =>
      void response.writeHead(404).end(JSON.stringify({ code, message }));
  const cases: readonly [string, Handler][] = [
    ["UNKNOWN_TARGET", refusing("UNKNOWN_TARGET", "no")],
    ["INVALID_ARGUMENT", refusing("INVALID_ARGUMENT", "expected appName and environment")],
  ];
  test.each(cases)("%s is one finding, whatever the origin", async (_, handler) => {
    const report = await doctor(await serve(handler), "--origin", "https://shop.example");
    expect(notOk(report)).toEqual(["stream"]);
    expect(report.checks.cors?.text).toBe("there is no answer that pages could read");
    expect(report.checks.version?.text).toBe("it is refused as the stream is, for the same reason");
  });

  test.each(cases)("%s is mended in the script tag, if a page named it", async (_, handler) => {
    const origin = await serve(handler);
    const page = await servePage(`<script src="${origin}/tideline.js"></script>`);
    const report = await doctor(page, "--quick");
    expect(notOk(report)).toEqual(["stream"]);
    expect(report.checks.stream?.text).toMatch(
      /in the page's script tag, data-app="web" data-environment="production"/,
    );
  });
});

describe("a page", () => {
  test.each([
    [
      "<p>hello</p>",
      /^it carries no script tag of tideline\.js, and there is no gateway .* add to the page: <script src="https:\/\/<the gateway>\/tideline\.js" data-app="web" data-environment="production"><\/script>/,
    ],
    [
      '<!-- <script src="/tideline.js"></script> -->',
      /^its script tag of tideline\.js is commented out,.*; take the comment away/,
    ],
  ])("without the script tag is told so, and nothing else: %s", async (html, text) => {
    const report = await doctor(await servePage(html));
    expect(report.code).toBe(1);
    expect(notOk(report)).toEqual(["page"]);
    expect(report.checks.page?.text).toMatch(text);
    expect(report.checks.stream?.state).toBe("skipped");
  });

  test("without the tag, but with a gateway at its address, may watch by itself", async () => {
    const url = await serve(
      gateway({
        answer: (request, response) => {
          if (request.url !== "/") return false;
          response.writeHead(200, { "content-type": "text/html" }).end("<div id=root></div>");
          return true;
        },
      }),
    );
    const report = await doctor(url, "--quick");
    expect([report.code, notOk(report)]).toEqual([0, ["page"]]);
    expect(report.checks.page?.text).toMatch(
      /only if its own bundle watches; add to the page: <script src="\/tideline\.js"/,
    );
  });

  test("with a placeholder in place of its version is told how to fill it in", async () => {
    const origin = await serve(gateway({ headers: { "access-control-allow-origin": "*" } }));
    const page = await servePage(
      `<body data-app-version="{{ version }}"><script src="${origin}/tideline.js"></script>`,
    );
    const report = await doctor(page, "--quick");
    expect(report.checks.page).toEqual({
      state: "fail",
      text: expect.stringMatching(
        /^its body says data-app-version="{{ version }}".*<body data-app-version="1\.4\.2">/,
      ),
    });
  });
});

describe("what cannot be asked is one clear sentence", () => {
  test("redirects in a circle", async () => {
    const url = await serve(
      (_request, response) => void response.writeHead(302, { location: "/version" }).end(),
    );
    const { checks } = await doctor(url, "--quick");
    expect(checks.stream?.text).toMatch(/^it redirects on and on, 20 times by now; let /);
    expect(checks.version?.text).toMatch(/^it was not reached: it redirects on and on; /);
  });

  test("a redirect away from http", async () => {
    const url = await serve(
      (_request, response) =>
        void response.writeHead(302, { location: "ftp://me:secret@a.example/" }).end(),
    );
    const { checks } = await doctor(url, "--quick");
    expect(checks.stream?.text).toMatch(/^it redirects to "ftp:\/\/\*\*\*@a\.example\/", where /);
  });

  test("https to a port of http", async () => {
    const url = (await serve(gateway())).replace("http:", "https:");
    const { checks } = await doctor(url, "--quick");
    for (const name of ["stream", "version"]) {
      expect(checks[name]?.text.split("\n")[0]).toMatch(
        /^it was not reached: what answers there speaks no TLS; is it http in place of https\?; /,
      );
    }
  });

  test("a port that browsers refuse", async () => {
    const { checks } = await doctor("http://127.0.0.1:1/", "--quick");
    expect(checks.version?.text).toMatch(/browsers refuse to open its port, use another/);
  });
});

test("a name and a password in the address are for its host alone, and never shown", async () => {
  const seen: unknown[] = [];
  const open = gateway();
  const origin = await serve((request, response) => {
    if (request.headers.authorization === `Basic ${btoa("me:s3cret")}`) open(request, response);
    else response.writeHead(401).end();
  });
  const other = await serve(
    gateway({
      answer: (request) => {
        seen.push(request.headers.authorization);
        return false;
      },
    }),
  );
  const guarded = origin.replace("//", "//me:s3cret@");
  const report = await doctor(guarded, "--quick");
  expect(notOk(report)).toEqual([]);
  expect(JSON.stringify(report)).not.toContain("s3cret");
  const page = await servePage(`<script src="${other}/tideline.js"></script>`);
  await doctor(page.replace("//", "//me:s3cret@"), "--quick");
  expect(new Set(seen)).toEqual(new Set([undefined]));
});

describe("/version", () => {
  const cases: readonly [string, Handler, RegExp][] = [
    [
      "never heard",
      (_, response) => void response.writeHead(503).end("{}"),
      /not heard its ledger/,
    ],
    ["not passed on", (_, response) => void response.writeHead(404).end(), /404 and no version/],
    [
      "no etag",
      (_, response) => void response.writeHead(200, { "cache-control": "no-cache" }).end(message()),
      /no ETag/,
    ],
    [
      "no 304",
      (_, response) =>
        void response.writeHead(200, { etag: ETAG, "cache-control": "no-cache" }).end(message()),
      /answers in full/,
    ],
    [
      "stored",
      (_, response) => void response.writeHead(200, { etag: ETAG }).end(message()),
      /may come from a cache/,
    ],
    [
      "another version",
      (_, response) =>
        void response
          .writeHead(200, { etag: ETAG, "cache-control": "no-cache" })
          .end(message("old")),
      /old where the stream says abc123/,
    ],
  ];
  test.each(cases)("%s", async (_, handler, text) => {
    const url = await serve(
      gateway({
        answer: (request, response) => {
          if (request.url !== "/version") return false;
          handler(request, response);
          return true;
        },
      }),
    );
    expect((await doctor(url, "--quick")).checks.version?.text).toMatch(text);
  });
});

describe("--origin", () => {
  const ORIGIN = "https://shop.example";
  const withOrigin = (headers: Readonly<Record<string, string>>) =>
    gateway({
      headers,
      answer: (request, response) => {
        for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
        return request.url === "/never";
      },
    });
  test.each([
    [{ "access-control-allow-origin": ORIGIN, vary: "Origin" }, "ok"],
    [{ "access-control-allow-origin": "*" }, "ok"],
    [{ "access-control-allow-origin": ORIGIN }, "warn"],
    [{ "access-control-allow-origin": "https://other.example" }, "fail"],
    [{}, "fail"],
  ])("%j is %s", async (headers, state) => {
    const report = await doctor(await serve(withOrigin(headers)), "--quick", "--origin", ORIGIN);
    expect(report.checks.cors?.state).toBe(state);
  });
});

test("a page names its gateway, its target and its own origin", async () => {
  let asked = "";
  const stream = await serve(
    gateway({
      answer: (request) => {
        if (request.url?.startsWith("/events")) asked = `${request.url} ${request.headers.origin}`;
        return false;
      },
    }),
  );
  const page = await serve((_request, response) => {
    response.writeHead(200, { "content-type": "text/html" });
    response.end(`<script src="${stream}/tideline.js" data-app="web" data-environment="staging">`);
  });
  const report = await doctor(`${page}/shop`, "--quick");
  expect(asked).toBe(`/events/version?appName=web&environment=staging ${page}`);
  expect(report.checks.cors?.state).toBe("fail");
});

test("--quick leaves out what takes long, and says so", async () => {
  const { checks } = await doctor(await serve(gateway()), "--quick");
  expect(checks.beat).toEqual({
    state: "skipped",
    text: "--quick leaves out the time that it takes",
  });
  expect(checks.buffering?.text).toMatch(/bursts are not looked for with --quick/);
});

describe("as a program", () => {
  let cli: BuiltCli;
  beforeAll(async () => {
    cli = await buildCli();
  });
  afterAll(() => cli.dispose());
  const program = (...args: readonly string[]) =>
    runCli(cli, ["doctor", "sse", ...args], { cwd: tmpdir() });

  test("what is right goes to the output, with a ✓ and the event's own lines; exit code 0", async () => {
    const { code, stdout, stderr } = await program(await serve(gateway()), "--quick");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("✓ headers: All required SSE headers are present\n");
    expect(stdout).toMatch(
      /✓ first-event: after \d+ ms\n {4}id: 7\n {4}event: version_update\n {4}data: \{"type":"version","version":"abc123"/,
    );
    expect(stdout).toMatch(/\n\n\d+ ok, 0 with warnings, 0 failed, 3 skipped\n$/);
  });

  test("what is wrong goes to the error stream, with what mends it; exit code 1", async () => {
    const url = await serve(gateway({ headers: { "cache-control": undefined } }));
    const { code, stdout, stderr } = await program(url, "--quick");
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(
      `✗ headers: ${url}/events/version: there is no cache-control: a proxy may store the stream\n    To mend it: Cache-Control: no-cache\n`,
    );
  });

  test("what a server says cannot move the terminal's cursor", async () => {
    const url = await serve(gateway({ hello: () => event("\u001b[2Jabc") }));
    const { stderr } = await program(url, "--quick");
    expect(stderr).toContain("\\u001b[2Jabc");
    expect(stderr).not.toContain("\u001b");
  });

  test("Ctrl-C ends it with 130 while it listens", async () => {
    const url = await serve(gateway());
    const { code, stderr } = await runCli(cli, ["doctor", "sse", url], {
      cwd: tmpdir(),
      onStart: (child) =>
        child.stderr?.on("data", (text: Buffer) => {
          if (text.includes("Listening")) child.kill("SIGINT");
        }),
    });
    expect([code, stderr]).toEqual([
      130,
      `Listening to ${url}/events/version for 37.5 s\nStopped before all was checked\n`,
    ]);
  });

  test.each([
    ["accepts and never answers", ""],
    [
      "sends the head of a stream and nothing more",
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n",
    ],
  ])("an address that %s is given up; exit code 1", async (_, greeting) => {
    const url = await listen(
      createTcpServer((socket) => {
        socket.on("error", () => {});
        closing.push(() => socket.destroy());
        if (greeting !== "") socket.once("data", () => socket.write(greeting));
      }),
    );
    const { code, stderr } = await program(url, "--quick", "--timeout", "0.3");
    expect(code).toBe(1);
    expect(stderr).toContain(
      `✗ version: ${url}/version: it was not reached: no answer within 0.3 s\n`,
    );
    const page = await runCli(cli, ["doctor", "--url", `${url}/`, "--timeout", "0.3"], {
      cwd: tmpdir(),
    });
    expect(page.code).toBe(1);
    expect(page.stderr).toContain(
      `FAILED   no-store: ${url}/: it was not reached: no answer within 0.3 s\n`,
    );
  });

  test.each([
    [
      ["example.com"],
      'Cannot look at a gateway: expected an http or https address, got "example.com"',
    ],
    [
      ["htp://me:s3cret@example.com"],
      'Cannot look at a gateway: expected an http or https address, got "htp://***@example.com"',
    ],
    [[], 'Cannot run "doctor sse": expected <url>, got nothing'],
    [
      ["http://127.0.0.1:1", "--origin", "shop"],
      'Cannot use --origin: expected an origin like "https://example.com", got "shop"',
    ],
    [
      ["http://127.0.0.1:1", "--beat", "0"],
      'Cannot use --beat: expected a number from 0.2 to 3600, got "0"',
    ],
  ])("%j is a wrong command line", async (args, sentence) => {
    expect(await program(...args)).toEqual({ code: 2, stdout: "", stderr: `${sentence}\n` });
  });

  test("--help shows its options; doctor alone keeps its own", async () => {
    expect((await program("--help")).stdout).toMatch(
      /^Usage: tideline doctor sse <url> \[options\]/,
    );
    const { stdout } = await runCli(cli, ["doctor", "--help"], { cwd: tmpdir() });
    expect(stdout).toMatch(/^Usage: tideline doctor \[options\]/);
  });
});
