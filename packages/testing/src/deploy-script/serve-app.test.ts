/** The program of an app's container, as the process that it is there. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatVersionFile, writeFileAtomically } from "@tideline/stamp";
import type { BuildId, BuildStamp } from "@tideline/version";
import { afterAll, beforeAll, expect, test } from "vitest";
import { REPOSITORY } from "../../../../scripts/build-app.js";

const STAMP: BuildStamp = {
  appName: "web",
  environment: "local",
  buildId: "b1" as BuildId,
  version: "abc123def456",
  gitCommit: null,
  gitBranch: null,
  gitDirty: false,
  gitTag: null,
  buildNumber: 0,
  buildTime: 0,
  commitTime: null,
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tideline-serve-"));
  await cp(join(REPOSITORY, "apps/web/index.html"), join(folder, "release/index.html"));
  await writeFileAtomically(join(folder, "release/version.json"), formatVersionFile(STAMP));
});
afterAll(async () => await rm(folder, { recursive: true, force: true }));

const variables = (port: string) => ({
  ...process.env,
  TIDELINE_RELEASE: join(folder, "release"),
  TIDELINE_SITE: join(folder, "site"),
  HOST: "127.0.0.1",
  PORT: port,
});
const RUN = [join(REPOSITORY, "scripts/run.mjs"), "serve-app"];

async function serve(more = {}): Promise<{ child: ChildProcess; said: string }> {
  const child = spawn(process.execPath, RUN, { env: { ...variables("0"), ...more } });
  let said = "";
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        said += text;
        if (said.includes("is served at")) resolve();
      });
    }
    child.once("exit", () => reject(new Error(`It ended: ${said}`)));
  });
  return { child, said };
}

const check = (port: string) =>
  new Promise<number>((resolve) => {
    execFile(process.execPath, [...RUN, "--check"], { env: variables(port) }, (error) => {
      resolve(error === null ? 0 : Number(error.code));
    });
  });

test("it serves its build, is healthy while it does, and ends when it is told to", async () => {
  const { child, said } = await serve();
  const ended = new Promise((resolve) => child.once("exit", resolve));
  try {
    expect(said).toMatch(/^abc123def456 of web is served at \S+, as release 1\n$/);
    const [url = ""] = /http:\S+\d/.exec(said) ?? [];
    for (const path of ["/", "/version.json"]) {
      expect((await fetch(url + path)).headers.get("cache-control")).toBe("no-cache");
    }
    const { port } = new URL(url);
    expect(await check(port)).toBe(0);
    child.kill("SIGTERM");
    expect(await ended).toBe(0);
    expect(await check(port)).toBe(1);
  } finally {
    child.kill("SIGKILL");
  }
});

test("what its page asks a gateway for is passed on to the one that TIDELINE_GATEWAY_URL names", async () => {
  const gateway = createServer((request, response) => response.end(`asked for ${request.url}`));
  gateway.listen(0, "127.0.0.1");
  await once(gateway, "listening");
  const { port } = gateway.address() as AddressInfo;
  const { child, said } = await serve({ TIDELINE_GATEWAY_URL: `http://127.0.0.1:${port}` });
  const ended = once(child, "exit");
  try {
    const [url = ""] = /http:\S+\d/.exec(said) ?? [];
    const answer = await fetch(`${url}/version?appName=web`);
    expect(await answer.text()).toBe("asked for /version?appName=web");
    expect(await (await fetch(`${url}/version.json`)).json()).toMatchObject({ buildId: "b1" });
  } finally {
    // Told to end, it ends its own process as well; killed, it could not.
    child.kill("SIGTERM");
    await ended;
    gateway.closeAllConnections();
    gateway.close();
  }
  await expect(serve({ TIDELINE_GATEWAY_URL: "gateway:8780" })).rejects.toThrow(
    'Cannot pass requests on to "gateway:8780": expected an address like http://gateway:8780',
  );
});
