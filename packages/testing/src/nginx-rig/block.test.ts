/** The documented block, tried for real: what comes through nginx, and what goes wrong without it. */

import { type IncomingMessage, request } from "node:http";
import { tmpdir } from "node:os";
import { run } from "@tideline/cli";
import { afterAll, describe, expect, test } from "vitest";
import { type BehindNginx, type BehindOptions, startBehindNginx } from "./behind-nginx.js";
import { findNginx } from "./find-nginx.js";

const program = await findNginx();

const closing: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const close of closing.splice(0)) await close();
});

async function behind(options?: BehindOptions): Promise<BehindNginx> {
  const rig = await startBehindNginx(program ?? "", options);
  closing.push(rig.close);
  return rig;
}

interface Said {
  readonly code: number;
  readonly states: Readonly<Record<string, string>>;
  readonly text: string;
}

/** Asks `tideline doctor sse`. */
async function doctor(url: string, ...args: readonly string[]): Promise<Said> {
  let output = "";
  const code = await run(["doctor", "sse", url, "--quick", "--json", ...args], {
    cwd: tmpdir(),
    env: {},
    print: (line) => {
      output += line;
    },
    log: () => {},
    signal: new AbortController().signal,
  });
  const { checks } = JSON.parse(output) as {
    readonly checks: readonly { readonly name: string; readonly state: string }[];
  };
  const states = Object.fromEntries(checks.map(({ name, state }) => [name, state]));
  return { code, states, text: output };
}

/** Opens a stream; gives the answer's head. */
async function open(url: string, localAddress = "127.0.0.1"): Promise<IncomingMessage> {
  return await new Promise((resolve, reject) => {
    const asked = request(`${url}/events/version`, { agent: false, localAddress });
    asked.once("response", (response) => {
      response.on("error", () => {});
      closing.unshift(async () => void asked.destroy());
      resolve(response);
    });
    asked.once("error", reject);
    asked.end();
  });
}

describe.skipIf(program === null)("behind nginx with the documented block", () => {
  test("the doctor finds nothing wrong, and the application has all other paths", async () => {
    const { url, ledger } = await behind();
    await ledger.record("v1");
    const said = await doctor(url);
    expect([said.code, said.text]).toEqual([0, expect.stringContaining('version\\":\\"v1')]);
    expect(said.states).toEqual({
      ...{ page: "skipped", stream: "ok", headers: "ok", "first-event": "ok", compression: "ok" },
      ...{ "http-version": "ok", version: "ok", cors: "skipped", clients: "skipped" },
      ...{ resume: "ok", retry: "ok", beat: "skipped", buffering: "ok" },
    });
    for (const path of ["/", "/healthz", "/metrics", "/events/version/x"]) {
      expect(await (await fetch(url + path)).text()).toBe("the application");
    }
  });

  const ON: readonly [string, string] = [
    "proxy_buffering off;",
    "proxy_buffering on; proxy_ignore_headers X-Accel-Buffering;",
  ];

  test("with proxy_buffering on, deaf to X-Accel-Buffering, the doctor finds it", async () => {
    const { url, ledger } = await behind({ changes: [ON] });
    await ledger.record("v1");
    const said = await doctor(url);
    expect([said.code, said.states.buffering, said.states.version]).toEqual([1, "fail", "ok"]);
    expect(said.text).toMatch(
      /the headers came only with the first event, 400 ms after the gateway/,
    );
    expect(said.text).toContain("proxy_buffering off in nginx's location");
  });

  test("and with nginx's own HTTP/1.0 towards the gateway, where nothing at all comes through", async () => {
    const { url, ledger } = await behind({
      changes: [ON, ["proxy_http_version 1.1;", ""], ['proxy_set_header Connection "";', ""]],
    });
    await ledger.record("v1");
    const said = await doctor(url);
    expect([said.code, said.states.buffering, said.states["first-event"]]).toEqual([
      ...[1, "fail", "fail"],
    ]);
    expect(said.text).toMatch(/nothing came within 5 s, though \/version took \d+ ms: a proxy/);
  });

  test("streams go to the gateway that has fewer; an ending one is passed over", async () => {
    const { url, gateways } = await behind();
    for (let count = 0; count < 10; count++) expect((await open(url)).statusCode).toBe(200);
    expect(await Promise.all(gateways.map((gateway) => gateway.clients()))).toEqual([5, 5]);
    const [first, second] = gateways;
    expect(await first.stop("SIGTERM")).toBe(0);
    for (let count = 0; count < 5; count++) expect((await open(url)).statusCode).toBe(200);
    expect(await second.clients()).toBe(10);
  });

  test("a full gateway is passed over; when both are full, theirs is the answer", async () => {
    const { url } = await behind({ gatewayArgs: ["--max-connections", "1"] });
    for (const status of [200, 200, 503, 503]) expect((await open(url)).statusCode).toBe(status);
    const refused = await fetch(`${url}/events/version`);
    expect(refused.headers.get("retry-after")).toMatch(/^\d+$/);
    expect(await refused.json()).toMatchObject({ code: "TOO_MANY_CONNECTIONS" });
    // Nor is either taken for dead because of it.
    expect((await fetch(`${url}/version`)).status).toBe(200);
  });

  test("while the ledger was never heard /version is 503, and streams are open all the same", async () => {
    const { url } = await behind({ convexUrl: "http://127.0.0.1:9" });
    for (let count = 0; count < 4; count++) {
      const answer = await fetch(`${url}/version`);
      expect([answer.status, await answer.json()]).toEqual([
        503,
        expect.objectContaining({ code: "UNAVAILABLE" }),
      ]);
    }
    expect((await open(url)).statusCode).toBe(200);
  });

  test("with nginx's own max_fails those 503 would be 502, and streams with them", async () => {
    const { url } = await behind({
      convexUrl: "http://127.0.0.1:9",
      changes: [
        [" max_fails=0;\n    server", ";\n    server"],
        [" max_fails=0;\n    keepalive", ";\n    keepalive"],
      ],
    });
    await fetch(`${url}/version`);
    expect((await fetch(`${url}/version`)).status).toBe(502);
    expect((await open(url)).statusCode).toBe(502);
  });

  test("one address has 200 streams, and the next address its own", async () => {
    const { url } = await behind();
    const streams = await Promise.all(Array.from({ length: 200 }, () => open(url, "127.0.0.2")));
    expect(streams.filter(({ statusCode }) => statusCode === 200)).toHaveLength(200);
    expect((await open(url, "127.0.0.2")).statusCode).toBe(503);
    expect((await open(url, "127.0.0.3")).statusCode).toBe(200);
  });
});
