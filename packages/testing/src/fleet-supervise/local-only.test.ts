/** The lines of examples/fleet/local-only/README.md, as somebody pastes them, with a host on this machine. */
import { spawn } from "node:child_process";
import { copyFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { platformKey } from "@tideline/version/fleet";
import { afterEach, beforeEach, expect, test } from "vitest";
import { platformHere } from "../../../fleet/src/artifact/platform-here.js";
import { builtSync } from "../built-sync.js";
import { freePort } from "../process-compose-rig/index.js";
import { ReleaseHostRig } from "../release-host-rig/index.js";

const README = fileURLToPath(
  new URL("../../../../examples/fleet/local-only/README.md", import.meta.url),
);

let folder: string;
let host: ReleaseHostRig;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tideline-example-"));
  host = await ReleaseHostRig.start({ repository: "acme/binaries" });
});
afterEach(async () => {
  await host.close();
  // One that was stopped may write its last line meanwhile.
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
});

test("what the local-only example says can be pasted from top to bottom", async () => {
  await copyFile(await builtSync(), join(folder, "tideline-sync"));
  const blocks = [...(await readFile(README, "utf8")).matchAll(/```sh\n(.*?)```/gs)];
  const ports = { "8900": await freePort(), "8787": await freePort() };
  const script = blocks
    .map(([, block]) => block)
    .join("\n")
    .replace("github_pat_…", host.token)
    .replace("linux-x64-glibc ", `${platformKey(platformHere())} `)
    .replace("repository: $REPOSITORY", `$&\n  api: ${host.api}`)
    .replaceAll(/8900|8787/g, (port) => String(ports[port as keyof typeof ports]));
  const { code, said } = await runShell(script);
  expect(code, said).toBe(0);
  expect(said.match(/^hello \d\.\d\.\d$/gm), said).toEqual([
    "hello 1.0.0",
    "hello 1.1.0",
    "hello 1.0.0",
  ]);
  expect(host.repository.releases.map(({ tag }) => tag).sort()).toEqual([
    "hello-v1.0.0",
    "hello-v1.1.0",
  ]);
  expect(await readFile(join(folder, "fleet/watch.log"), "utf8")).toContain("listening");
}, 120_000);

/** Runs it in a process group of its own, of which nothing is left afterwards. */
async function runShell(script: string): Promise<{ code: number | null; said: string }> {
  const { PATH = "", HOME = "" } = process.env;
  const child = spawn("bash", ["-eu", "-o", "pipefail", "-c", script], {
    ...{ cwd: folder, env: { PATH, HOME }, detached: true, stdio: ["ignore", "pipe", "pipe"] },
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (bytes: Buffer) => {
      said += bytes.toString();
    });
  }
  // Its outputs stay open while one that it has left in the background runs.
  const code = await new Promise<number | null>((resolve) => child.once("exit", resolve));
  try {
    process.kill(-Number(child.pid), "SIGTERM");
  } catch {
    // It has stopped all of them, as it should.
  }
  return { code, said };
}
