import {
  cp,
  mkdir,
  mkdtemp,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { REPOSITORY } from "./build-app.js";
import { buildPageScript } from "./build-page-script.js";

let repository: string;
let script: string;

/** A repository with the three packages that the script is made of, and nothing built. */
beforeEach(async () => {
  repository = await mkdtemp(join(tmpdir(), "tideline-script-"));
  for (const name of ["browser", "watch", "version"]) {
    await cp(join(REPOSITORY, "packages", name), join(repository, "packages", name), {
      recursive: true,
      filter: (path) => !/[\\/](node_modules|dist|bench)$/.test(path),
    });
    const linked = join(repository, "node_modules/@tideline", name);
    await mkdir(join(linked, ".."), { recursive: true });
    await symlink(join(repository, "packages", name), linked);
  }
  for (const name of ["node_modules/vite", "node_modules/tsx", "tsconfig.base.json"]) {
    await symlink(join(REPOSITORY, name), join(repository, name));
  }
  script = join(repository, "packages/browser/dist/tideline.js");
});
afterEach(async () => await rm(repository, { recursive: true, force: true }));

const build = (signal = new AbortController().signal) => buildPageScript(signal, repository);

async function age(path: string, byMs: number): Promise<void> {
  const at = new Date(Date.now() + byMs);
  await utimes(path, at, at);
}

test("it is built where it is missing, kept while it is newer than its sources, and then built anew", async () => {
  expect(await build()).toBe(script);
  expect(await readFile(script, "utf8")).toContain("tideline-toast");

  await writeFile(script, "kept");
  await build();
  expect(await readFile(script, "utf8")).toBe("kept");

  await age(script, -60_000);
  await age(join(repository, "packages/watch/src/sse.ts"), -30_000);
  await build();
  expect((await stat(script)).size).toBeGreaterThan(1_000);
});

test("sources that cannot be built are Vite's own words, and to be stopped is said", async () => {
  await writeFile(join(repository, "packages/browser/src/main.ts"), "import './nowhere.js';");
  await expect(build()).rejects.toThrow(/^Cannot build tideline\.js: .*nowhere\.js/s);
  await expect(build(AbortSignal.abort())).rejects.toThrow("Stopped while building tideline.js");
});
