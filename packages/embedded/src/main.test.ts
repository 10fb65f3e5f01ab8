/** The command, as a process. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  runServerProcess,
  type ServerProcess,
  startServerProcess,
} from "../bench/support/server-process.js";
import { APP } from "../bench/support/test-server.js";
import { VERSION } from "./version.js";

let folder: string;
let server: ServerProcess;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tideline-embedded-"));
  server = await startServerProcess([
    ...["--dir", APP, "--data", join(folder, "data"), "--port", "0", "--site-port", "0"],
  ]);
});
afterAll(async () => {
  await server.stop("SIGKILL");
  await rm(folder, { recursive: true, force: true });
});

it("--version and --help answer and exit with 0", async () => {
  expect(await runServerProcess(["--version"])).toEqual({ code: 0, output: `${VERSION}\n` });
  const help = await runServerProcess(["--help"]);
  expect(help.code).toBe(0);
  expect(help.output).toMatch(/^Usage: tideline-embedded/);
});

it("each reason not to start is one line on its own, with exit code 1", async () => {
  const port = new URL(server.url).port;
  await writeFile(join(folder, "file"), "");
  const free = ["--port", "0", "--site-port", "0"];
  const cases: [string[], RegExp][] = [
    [["--dir", join(folder, "none"), "--data", folder, ...free], /^Cannot load functions from/],
    [["--dir", APP, "--data", join(folder, "file"), ...free], /^Cannot write to the data folder/],
    [["--dir", APP, "--data", join(folder, "data"), ...free], /^Cannot open the database/],
    [["--dir", APP, "--data", folder, "--port", port], /^Cannot listen on .*in use/],
    [["--dir", APP, "--port", "many"], /^Cannot use "many" for --port/],
    [["--dirr"], /--dirr.*see tideline-embedded --help/],
  ];
  const results = await Promise.all(cases.map(([args]) => runServerProcess(args)));
  results.forEach(({ code, output }, index) => {
    expect(output.trimEnd().split("\n")).toHaveLength(1);
    expect(output).toMatch(cases[index]?.[1] ?? /never/);
    expect(code).toBe(1);
  });
});

it("warns when other machines can reach it", async () => {
  const open = await startServerProcess([
    ...["--dir", APP, "--data", join(folder, "open"), "--port", "0", "--site-port", "0"],
    ...["--host", "0.0.0.0"],
  ]);
  expect(open.output()).toMatch(/^Warning: listening on 0\.0\.0\.0/m);
  expect(await open.stop("SIGINT")).toBe(0);
});
