/** The receiver as the world meets it: real requests, signatures made by openssl, and raw sockets. */
import { execFile, execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer as createHttpServer, request as httpRequest } from "node:http";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import examples from "@octokit/webhooks-examples";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { UpstreamConfig } from "../config/sync-config.js";
import { UsageError } from "../usage-error.js";
import { type DeliveryLog, openDeliveryLog } from "./delivery-log.js";
import { MAX_BODY_BYTES } from "./receive-webhook.js";
import { startWebhookServer, type WebhookServer } from "./start-webhook-server.js";
import { readWebhookEvent } from "./webhook-event.js";
import { readWebhookSecrets } from "./webhook-secrets.js";

const SECRET = "a secret of some length";
const OLD_SECRET = "the one before, of length";
const TAGS: UpstreamConfig = {
  ...{ remotes: ["https://example.com/nats"], branch: "main", strategy: "tags", tagPrefix: "v" },
  prereleases: false,
};
const PUSH = '{"ref":"refs/tags/v2.10.25"}';

let root: string;
let folder: string;
let server: WebhookServer;
let deliveries: DeliveryLog;
let woken: { subsystem: string; resolve: () => void; reject: (error: Error) => void }[];
let lines: string[];
let clock: number;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "tideline-webhook-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));
beforeEach(async () => {
  folder = await mkdtemp(join(root, "state-"));
  woken = [];
  lines = [];
  clock = 0;
  await start();
});
afterEach(async () => {
  await server.close();
  await deliveries.flushed();
});

async function start(port = 0, headersWithinMs = 5_000): Promise<void> {
  deliveries = await openDeliveryLog(
    join(folder, "deliveries.jsonl"),
    () => clock,
    (line) => lines.push(line),
  );
  server = await startWebhookServer({
    ...{ host: "127.0.0.1", port, headersWithinMs, deliveries, monotonic: () => clock },
    upstreams: new Map([
      ["nats", TAGS],
      ["arc", { ...TAGS, strategy: "commits" }],
      ["tool", null],
      ["silent", TAGS],
    ]),
    secrets: new Map([
      ["nats", [SECRET, OLD_SECRET]],
      ["arc", [SECRET]],
      ["tool", [SECRET]],
    ]),
    wake: (subsystem) =>
      new Promise((resolve, reject) => woken.push({ subsystem, resolve, reject })),
    log: (event, details) => lines.push(JSON.stringify({ event, ...details })),
  });
}

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly headers: Record<string, unknown>;
}

function send(
  body: string | Uint8Array,
  headers: Record<string, string>,
  { path = "/webhook/nats", method = "POST" } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const target = { host: "127.0.0.1", port: server.port, path, method, headers };
    const request = httpRequest(target, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => {
        const answer = text === "" ? {} : (JSON.parse(text) as Answer["body"]);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: answer });
      });
    });
    request.on("error", reject);
    request.end(body);
  });
}

/** What `openssl dgst` says, which knows nothing of our code. */
function sign(body: string | Uint8Array, secret = SECRET, digest = "sha256"): string {
  const out = execFileSync("openssl", ["dgst", `-${digest}`, "-hmac", secret, "-r"], {
    input: body,
  });
  return `${digest}=${out.toString().split(" ", 1)[0]}`;
}

function signed(
  body: string | Uint8Array,
  { id = randomUUID() as string, event = "push", secret = SECRET } = {},
): Record<string, string> {
  return {
    "content-type": "application/json",
    "x-hub-signature-256": sign(body, secret),
    "x-github-event": event,
    "x-github-delivery": id,
  };
}

async function knownIds(): Promise<string[]> {
  await deliveries.flushed();
  const text = await readFile(join(folder, "deliveries.jsonl"), "utf8");
  return text.trim().split("\n").filter(Boolean);
}

describe("row 6: who may wake a subsystem", () => {
  const wrong: [title: string, headers: (body: string) => Record<string, string>, code: string][] =
    [
      [
        "a signature of other bytes",
        (body) => ({ ...signed(body), "x-hub-signature-256": sign(`${body} `) }),
        "BAD_SIGNATURE",
      ],
      [
        "another secret",
        (body) => signed(body, { secret: "some other secret there" }),
        "BAD_SIGNATURE",
      ],
      ["no signature", (body) => ({ ...signed(body), "x-hub-signature-256": "" }), "BAD_SIGNATURE"],
      [
        "SHA-1 only",
        (body) => {
          const { "x-hub-signature-256": _, ...rest } = signed(body);
          return { ...rest, "x-hub-signature": sign(body, SECRET, "sha1") };
        },
        "NO_SIGNATURE",
      ],
      [
        "SHA-1 in the header of SHA-256",
        (body) => ({ ...signed(body), "x-hub-signature-256": sign(body, SECRET, "sha1") }),
        "BAD_SIGNATURE",
      ],
      [
        "the digest in capitals",
        (body) => ({
          ...signed(body),
          "x-hub-signature-256": sign(body).toUpperCase().replace("SHA256", "sha256"),
        }),
        "BAD_SIGNATURE",
      ],
    ];
  test.each(wrong)("row 6: %s is refused with 401, and leaves nothing behind", async (...row) => {
    const [, headers, code] = row;
    const answer = await send(PUSH, headers(PUSH));
    expect(answer).toMatchObject({ status: 401, body: { code, message: expect.any(String) } });
    expect(woken).toEqual([]);
    expect(await knownIds()).toEqual([]);
    expect(lines.join()).not.toContain(SECRET);
  });

  test("row 6: both live secrets are taken, and a secret of another subsystem is not", async () => {
    expect((await send(PUSH, signed(PUSH))).status).toBe(202);
    expect((await send(PUSH, signed(PUSH, { secret: OLD_SECRET }))).status).toBe(202);
    const foreign = signed(PUSH, { secret: OLD_SECRET });
    expect((await send(PUSH, foreign, { path: "/webhook/arc" })).status).toBe(401);
  });

  test("row 6: a subsystem without a secret takes nothing", async () => {
    const answer = await send(PUSH, signed(PUSH), { path: "/webhook/silent" });
    expect(answer).toMatchObject({ status: 401, body: { code: "NO_SECRET" } });
  });

  const spellings: [title: string, body: string | Uint8Array][] = [
    ["with escapes", '{"ref":"refs\\/tags\\u002fv2.10.25"}'],
    ["with 1.0", '{"ref":"refs/tags/v2.10.25","size":1.0}'],
    ["with a key twice", '{"ref":"refs/heads/x","ref":"refs/tags/v2.10.25"}'],
    ["with integer-like keys and spaces", '{ "2":1, "1":2 ,\n"ref" : "refs/tags/v2.10.25"}'],
    ["with a number beyond 2^53", '{"ref":"refs/tags/v2.10.25","id":9007199254740993}'],
    [
      "with bytes that are no UTF-8",
      Buffer.concat([
        Buffer.from('{"ref":"refs/tags/v2.10.25","by":"'),
        Buffer.from([0xff, 0xfe]),
        Buffer.from('"}'),
      ]),
    ],
    ["that is no JSON at all", "\u0000not json"],
  ];
  test.each(spellings)("row 6: a signed body %s wakes", async (_, body) => {
    expect((await send(body, signed(body))).status).toBe(202);
    expect(woken).toHaveLength(1);
  });

  test("row 6: a signed form is read as what it holds", async () => {
    const body = new URLSearchParams({ payload: '{"ref":"refs/heads/main"}' }).toString();
    const headers = { ...signed(body), "content-type": "application/x-www-form-urlencoded" };
    expect(await send(body, headers)).toMatchObject({ status: 202, body: { ignored: true } });
  });

  test("row 6: a body at the cap is taken, and one byte more is refused with 413", async () => {
    const atCap = Buffer.alloc(MAX_BODY_BYTES, " ");
    atCap.write(PUSH);
    expect((await send(atCap, signed(atCap))).status).toBe(202);
    const over = Buffer.alloc(MAX_BODY_BYTES + 1, " ");
    over.write(PUSH);
    expect(await send(over, signed(over))).toMatchObject({
      status: 413,
      body: { code: "TOO_LARGE" },
    });
    // And without a length that says so beforehand.
    const chunked = { ...signed(over), "transfer-encoding": "chunked" };
    expect(await send(over, chunked)).toMatchObject({ status: 413, body: { code: "TOO_LARGE" } });
    expect(woken).toHaveLength(1);
  });

  test("row 6: what curl says of a signed file is the same", async () => {
    const file = join(folder, "body.json");
    await writeFile(file, PUSH);
    const headers = Object.entries(signed(PUSH)).flatMap(([name, value]) => [
      "-H",
      `${name}: ${value}`,
    ]);
    const url = `http://127.0.0.1:${server.port}/webhook/nats`;
    const status = await new Promise<string>((resolve, reject) =>
      execFile(
        "curl",
        [
          "-s",
          "-o",
          "/dev/null",
          "-w",
          "%{http_code}",
          "--data-binary",
          `@${file}`,
          ...headers,
          url,
        ],
        (error, out) => (error ? reject(error) : resolve(out)),
      ),
    );
    expect(status).toBe("202");
  });

  test("other paths and methods are refused", async () => {
    const answers = await Promise.all([
      send(PUSH, signed(PUSH), { path: "/webhook/unknown" }),
      send(PUSH, signed(PUSH), { path: "/webhook/" }),
      send(PUSH, signed(PUSH), { path: "/webhook/constructor" }),
      send("", {}, { method: "GET" }),
      send("", {}, { path: "/health", method: "DELETE" }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 405, 405]);
    expect(answers.map(({ headers }) => headers.allow)).toEqual([
      ...[undefined, undefined, undefined, "POST", "GET, HEAD"],
    ]);
  });

  test("a delivery without an id or an event is refused", async () => {
    const { "x-github-delivery": _, ...headers } = signed(PUSH);
    expect(await send(PUSH, headers)).toMatchObject({ status: 400, body: { code: "BAD_HEADERS" } });
    const odd = { ...signed(PUSH), "x-github-delivery": "../../etc/passwd" };
    expect((await send(PUSH, odd)).status).toBe(400);
  });
});

describe("row 7: deliveries that come more than once", () => {
  test("row 7: the same id 100 times at once is one job, and everybody has an answer", async () => {
    const headers = signed(PUSH);
    const answers = await Promise.all(Array.from({ length: 100 }, () => send(PUSH, headers)));
    const statuses = [...new Set(answers.map(({ status }) => status))].sort();
    expect(statuses).toEqual([200, 202]);
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
    expect(woken).toHaveLength(1);
  });

  test("row 7: what is done is not done again, also after a restart", async () => {
    const headers = signed(PUSH);
    await send(PUSH, headers);
    woken[0]?.resolve();
    await expect.poll(async () => (await knownIds()).at(-1)).toContain('"done":true');
    expect(await send(PUSH, headers)).toMatchObject({ status: 200, body: { duplicate: true } });
    await server.close();
    await start();
    expect(await send(PUSH, headers)).toMatchObject({ status: 200, body: { duplicate: true } });
    expect(woken).toHaveLength(1);
  });

  test("row 7: a redelivery completes one whose first try failed", async () => {
    const headers = signed(PUSH);
    await send(PUSH, headers);
    woken[0]?.reject(new Error("no network"));
    await expect.poll(() => send(PUSH, headers)).toMatchObject({ status: 202 });
    woken[1]?.resolve();
    await expect.poll(async () => (await knownIds()).at(-1)).toContain('"done":true');
    expect(await send(PUSH, headers)).toMatchObject({ status: 200 });
    expect(woken).toHaveLength(2);
  });

  test("row 7: a redelivery completes one that a killed process had begun", async () => {
    const headers = signed(PUSH);
    await send(PUSH, headers);
    await deliveries.flushed();
    await server.close();
    // The last line of a process that was killed while it wrote.
    const path = join(folder, "deliveries.jsonl");
    await writeFile(path, `${await readFile(path, "utf8")}{"id":"nats/to`);
    await start();
    expect(await send(PUSH, headers)).toMatchObject({ status: 202, body: { duplicate: true } });
    expect(woken).toHaveLength(2);
  });

  test("row 7: one id at two subsystems is two deliveries", async () => {
    const headers = signed(PUSH);
    await send(PUSH, headers);
    await send(PUSH, headers, { path: "/webhook/tool" });
    expect(woken.map(({ subsystem }) => subsystem)).toEqual(["nats", "tool"]);
  });

  test("the 31st of a minute is told when to come again, and one look is owed to it", async () => {
    for (let count = 0; count < 30; count++) {
      expect((await send(PUSH, signed(PUSH))).status).toBe(202);
    }
    clock = 59_500;
    const answer = await send(PUSH, signed(PUSH));
    expect(answer).toMatchObject({ status: 429, headers: { "retry-after": "1" } });
    expect((await send(PUSH, signed(PUSH))).status).toBe(429);
    // Another subsystem has a limit of its own.
    expect((await send(PUSH, signed(PUSH), { path: "/webhook/tool" })).status).toBe(202);
    await expect
      .poll(() => woken.filter(({ subsystem }) => subsystem === "nats").length, { timeout: 10_000 })
      .toBe(31);
  });

  test("after 30 days, and beyond 5,000, an id is forgotten", async () => {
    const log = await openDeliveryLog(
      join(folder, "own.jsonl"),
      () => clock,
      () => {},
    );
    for (let index = 0; index < 5_010; index++) log.receive(`id-${index}`);
    await log.flushed();
    const again = await openDeliveryLog(
      join(folder, "own.jsonl"),
      () => clock,
      () => {},
    );
    expect([again.stateOf("id-0"), again.stateOf("id-5009")]).toEqual(["new", "unfinished"]);
    await again.flushed();
    clock = 31 * 86_400_000;
    const later = await openDeliveryLog(
      join(folder, "own.jsonl"),
      () => clock,
      () => {},
    );
    expect(later.stateOf("id-5009")).toBe("new");
    await later.flushed();
  });
});

describe("row 8: who does not mean well", () => {
  const sockets: Socket[] = [];
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
  });

  async function open(text: string): Promise<Socket> {
    const socket = connect(server.port, "127.0.0.1");
    sockets.push(socket);
    socket.on("error", () => {});
    await new Promise<void>((resolve) => {
      socket.once("connect", () => resolve());
      socket.once("close", () => resolve());
    });
    if (text !== "") socket.write(text);
    return socket;
  }

  async function isHealthy(): Promise<boolean> {
    const { status, body } = await send("", {}, { path: "/health", method: "GET" });
    return status === 200 && body.status === "ok";
  }

  test("row 8: with 3,000 connections that say nothing, or half of a header, health answers", async () => {
    for (let batch = 0; batch < 6; batch++) {
      await Promise.all(
        Array.from({ length: 500 }, (_, index) =>
          open(index % 2 === 0 ? "" : "POST /webhook/nats HTTP/1.1\r\nhost: a\r\nx-slow"),
        ),
      );
      expect(await isHealthy()).toBe(true);
    }
    expect((await send(PUSH, signed(PUSH))).status).toBe(202);
    // Whoever came first was let go, so that the process keeps its files.
    await expect
      .poll(() => sockets.filter(({ readyState }) => readyState === "open").length)
      .toBeLessThanOrEqual(256);
  });

  test("row 8: bodies that never end hold a bounded amount of memory", async () => {
    const head = `POST /webhook/nats HTTP/1.1\r\nhost: a\r\nx-hub-signature-256: sha256=${"0".repeat(64)}\r\ncontent-length: ${MAX_BODY_BYTES}\r\n\r\n`;
    const part = Buffer.alloc(MAX_BODY_BYTES - 1, " ");
    const slow: Socket[] = [];
    for (let index = 0; index < 24; index++) {
      const socket = await open(head);
      slow.push(socket);
      await new Promise((resolve) => socket.write(part, resolve));
    }
    // 16 bodies may be held; the oldest of them made room.
    await expect.poll(() => slow.filter(({ destroyed }) => destroyed).length).toBeGreaterThan(4);
    expect(slow.at(-1)?.destroyed).toBe(false);
    expect((await send(PUSH, signed(PUSH))).status).toBe(202);
  });

  test("row 8: a header of 17 kB is refused with 431", async () => {
    const socket = await open(
      `GET /health HTTP/1.1\r\nhost: a\r\nx-long: ${"a".repeat(17_000)}\r\n\r\n`,
    );
    const [text] = (await once(socket, "data")) as [Buffer];
    expect(text.toString()).toContain("431");
    expect(await isHealthy()).toBe(true);
  });

  test("row 8: what is no HTTP is refused with 400", async () => {
    const socket = await open("hello there\r\n\r\n");
    const [text] = (await once(socket, "data")) as [Buffer];
    expect(text.toString()).toContain("400 Bad Request");
  });

  test("row 8: a header that comes letter by letter is ended in time", async () => {
    await server.close();
    await start(0, 100);
    const socket = await open("POST /webhook/nats HTTP/1.1\r\nhost: a\r\nx-slow");
    const drip = setInterval(() => socket.write("w"), 20);
    try {
      await once(socket, "close");
    } finally {
      clearInterval(drip);
    }
    expect(await isHealthy()).toBe(true);
  });
});

describe("what a delivery is about", () => {
  const commits: UpstreamConfig = { ...TAGS, strategy: "commits", branch: "dev" };
  const cases: [string, unknown, UpstreamConfig | null, string][] = [
    ["ping", {}, TAGS, "ping"],
    ["push", { ref: "refs/tags/v1" }, TAGS, "wake"],
    ["push", { ref: "refs/heads/main" }, TAGS, "ignored"],
    ["push", { ref: "refs/heads/dev" }, commits, "wake"],
    ["push", { ref: "refs/heads/main" }, commits, "ignored"],
    ["push", { ref: "refs/tags/v1" }, commits, "ignored"],
    ["push", { ref: "refs/heads/main" }, null, "wake"],
    ["push", undefined, TAGS, "wake"],
    ["push", { ref: 1 }, TAGS, "wake"],
    ["create", { ref_type: "tag", ref: "v1" }, TAGS, "wake"],
    ["create", { ref_type: "branch", ref: "x" }, TAGS, "ignored"],
    ["release", { action: "published" }, TAGS, "wake"],
    ["release", { action: "created" }, TAGS, "ignored"],
    ["release", { action: "prereleased" }, TAGS, "ignored"],
    ["release", { action: "edited" }, TAGS, "ignored"],
    ["issues", { action: "opened" }, TAGS, "ignored"],
  ];
  test.each(cases)("%s %j", (event, payload, upstream, kind) => {
    expect(readWebhookEvent(event, payload, upstream).kind).toBe(kind);
  });

  test.each(["ping", "push", "create", "release"] as const)(
    "GitHub's own examples of %s are read",
    async (event) => {
      const found = examples.find(({ name }) => name === event)?.examples ?? [];
      expect(found.length).toBeGreaterThan(0);
      for (const example of found) {
        const body = JSON.stringify(example);
        const { status } = await send(body, signed(body, { event }));
        expect([200, 202]).toContain(status);
      }
    },
  );
});

test("row 21: a port that is taken by process-compose is told by its name and process", async () => {
  const other = createHttpServer((request, response) =>
    response.end(request.url === "/live" ? '{"status":"alive"}' : "{}"),
  );
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as AddressInfo;
  await server.close();
  await expect(start(port)).rejects.toThrow(
    `Cannot listen on 127.0.0.1:${port}: expected a free port, got one that process-compose (pid ${process.pid}) listens on; name another with --port`,
  );
  other.close();
  await start();
  await expect(start(server.port)).rejects.toThrow("another `tideline-sync watch`");
});

test("a port that is taken by what answers nothing is told as well", async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  await server.close();
  await expect(start((other.address() as AddressInfo).port)).rejects.toThrow(
    /expected a free port, got one that "\S+" \(pid \d+\) listens on/,
  );
  other.close();
  await start();
});

describe("secrets", () => {
  test("each subsystem has its own, or the common one, and may have two", () => {
    const env = {
      WEBHOOK_SECRET: "the common secret, the next common secret",
      WEBHOOK_SECRET_NATS_SERVER: "only for nats-server",
    };
    expect([...readWebhookSecrets(env, ["nats-server", "arc"])]).toEqual([
      ["nats-server", ["only for nats-server"]],
      ["arc", ["the common secret", "the next common secret"]],
    ]);
    expect(readWebhookSecrets({}, ["arc"]).size).toBe(0);
  });

  test.each([
    [
      "short",
      "Cannot use WEBHOOK_SECRET: expected secrets of at least 16 characters, got one of 5",
    ],
    [
      "a secret of some length,",
      "Cannot use WEBHOOK_SECRET: expected secrets of at least 16 characters, got one of 0",
    ],
    [
      "a secret of some length,another secret of length,a third secret of length",
      "Cannot use WEBHOOK_SECRET: expected at most two secrets with a comma between, got 3",
    ],
  ])("%j is refused, and not repeated", (value, message) => {
    const read = () => readWebhookSecrets({ WEBHOOK_SECRET: value }, ["nats"]);
    expect(read).toThrow(UsageError);
    expect(read).toThrow(message);
  });
});

function once(socket: Socket, event: string): Promise<unknown[]> {
  return new Promise((resolve) => socket.once(event, (...args) => resolve(args)));
}
