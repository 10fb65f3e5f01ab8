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
    const report = await doctor(
      await serve((_request, response) => {
        response.writeHead(200, { "content-type": "text/html" }).end("<p>hello</p>");
      }),
    );
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
    expect(stdout).toMatch(/\n\n\d+ ok, 0 with warnings, 0 failed, 2 skipped\n$/);
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
      `Listening to ${url}/events/version for up to 37.5 s\nStopped before all was checked\n`,
    ]);
  });

  test.each([
    [
      ["example.com"],
      'Cannot look at a gateway: expected an http or https address, got "example.com"',
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
