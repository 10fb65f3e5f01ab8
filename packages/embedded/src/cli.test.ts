/** The official command line, as processes, against the whole server. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../bench/support/test-server.js";

const packageFile = createRequire(import.meta.url).resolve("convex/package.json");
const CONVEX = join(dirname(packageFile), "bin", "main.js");

let server: TestServer;
let project: string;
beforeAll(async () => {
  server = await startTestServer();
  // The command reads the project that it stands in; this one has nothing but the dependency.
  project = await mkdtemp(join(tmpdir(), "tideline-cli-"));
  await writeFile(join(project, "package.json"), '{"dependencies":{"convex":"*"}}');
});
afterAll(async () => {
  await server.dispose();
  await rm(project, { recursive: true });
});

/** Runs `npx convex …`; rejects if it exits with anything but 0. */
function convex(...args: string[]): Promise<{ readonly stdout: string; readonly stderr: string }> {
  return new Promise((resolve, reject) => {
    const env = {
      PATH: process.env.PATH,
      HOME: project,
      CI: "1",
      CONVEX_SELF_HOSTED_URL: server.url,
      CONVEX_SELF_HOSTED_ADMIN_KEY: server.adminKey,
    };
    execFile(
      process.execPath,
      [CONVEX, ...args],
      { cwd: project, env },
      (error, stdout, stderr) => {
        if (error === null) resolve({ stdout: stdout.trim(), stderr });
        else reject(new Error(`convex ${args.join(" ")}: ${stderr}`));
      },
    );
  });
}

it("run, data, env and function-spec work as against a real deployment", async () => {
  await convex("run", "items:add", '{"key":"cli","value":3}');
  expect((await convex("run", "items:sum", '{"key":"cli"}')).stdout).toBe("3");
  expect((await convex("run", "items:secret")).stdout).toBe('"internal"');
  expect((await convex("run", "items:whoAmI", "--identity", '{"subject":"me"}')).stdout).toBe(
    '"me"',
  );
  await expect(convex("run", "items:nothing")).rejects.toThrow(
    /Could not find function[\s\S]*Available functions:[\s\S]*items:secret/,
  );

  expect((await convex("data")).stdout).toBe("beacon\nitems");
  const rows = await convex("data", "items", "--format", "jsonl");
  expect(rows.stdout).toMatch(/^\{.*"key": "cli", "value": 3 \}$/);

  await convex("env", "set", "FLAVOUR", "a b=c");
  expect((await convex("env", "get", "FLAVOUR")).stdout).toBe("a b=c");
  expect((await convex("run", "items:variable")).stdout).toBe('"a b=c"');
  expect((await convex("env", "list")).stdout).toContain("FLAVOUR=");
  await convex("env", "remove", "FLAVOUR");
  expect((await convex("env", "list")).stdout).toBe("");

  const spec = JSON.parse((await convex("function-spec")).stdout);
  expect(spec.url).toBe(server.url);
  expect(spec.functions).toContainEqual(
    expect.objectContaining({ identifier: "items.js:secret", visibility: { kind: "internal" } }),
  );
}, 180_000);
