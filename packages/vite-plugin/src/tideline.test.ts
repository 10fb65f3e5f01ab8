import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { hashArtifact, readStampTag, readVersionFile, type VersionFile } from "@tideline/stamp";
import type { BuildStamp } from "@tideline/version";
import { Window } from "happy-dom";
import { build, createBuilder, createServer, type InlineConfig, type Rollup } from "vite";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type TidelineOptions, tideline } from "./index.js";

// Below a node_modules folder on purpose: the project's own files are still the project's.
const CACHE = fileURLToPath(new URL("../node_modules/.cache/tests", import.meta.url));
const PAGE = `<!doctype html><html><head><meta charset="utf-8"></head><body><script type="module" src="/main.ts"></script></body></html>`;
const FILES = {
  "index.html": PAGE,
  "main.ts": `
    import { shared } from "./shared";
    const local = (__GIT_TAG__: string) => __GIT_TAG__;
    const text: string = "__APP_VERSION__";
    globalThis.seen = {
      text, local: local("mine"), version: __APP_VERSION__, commit: __GIT_COMMIT__, ...shared(),
    };
    globalThis.loadLater = () => import("./lazy");
  `,
  "shared.ts":
    "export const shared = () => ({ number: __BUILD_NUMBER__, time: __BUILD_TIME__, __GIT_TAG__ });",
  "lazy.ts": "export const lazy = [__APP_NAME__, __ENVIRONMENT__];",
  "public/robots.txt": "User-agent: *",
};

let root: string;
beforeEach(() => {
  mkdirSync(CACHE, { recursive: true });
  root = mkdtempSync(join(CACHE, "project-"));
  write(FILES);
  vi.stubEnv("TIDELINE_ENVIRONMENT", "staging");
  for (const name of ["APP_NAME", "TIDELINE_APP", "VERSION", "GIT_TAG", "GITHUB_RUN_NUMBER"]) {
    vi.stubEnv(name, undefined);
  }
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true, force: true });
});

const write = (files: Record<string, string>) => {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
};
const makeBuild = async (
  config: InlineConfig = {},
  options: TidelineOptions = { appName: "web" },
) => {
  await build({
    root,
    configFile: false,
    logLevel: "silent",
    ...config,
    plugins: [tideline(options), config.plugins],
  });
  const stamp: VersionFile = JSON.parse(readFileSync(join(root, "dist/version.json"), "utf8"));
  return { stamp, files: listBuilt() };
};
const listBuilt = (folder = "dist") =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).sort();
const readBuilt = (path: string) => readFileSync(join(root, "dist", path), "utf8");
const stampIn = (path: string) => readStampTag(readBuilt(path))?.stamp;

describe("a build", () => {
  test("carries one stamp, in its page and in version.json", async () => {
    vi.stubEnv("VERSION", "1.10");
    const { stamp } = await makeBuild();
    expect(stamp).toMatchObject({ appName: "web", environment: "staging", version: "1.10" });
    expect(stamp.buildId).toMatch(/^[0-9a-f]{16}$/);
    expect(stampIn("index.html")).toEqual(await readVersionFile(join(root, "dist/version.json")));
    expect(stamp.git_commit).toBe(stamp.gitCommit);
  });

  test("has as its id the hash of what lies on the disk", async () => {
    const { stamp } = await makeBuild({ build: { sourcemap: true, manifest: true } });
    expect(await hashArtifact(join(root, "dist"))).toBe(stamp.buildId);
  });

  test("of another version only renames no file and keeps its id", async () => {
    vi.stubEnv("VERSION", "1.0.0");
    const first = await makeBuild();
    cpSync(join(root, "dist"), join(root, "first"), { recursive: true });
    for (const [name, value] of [
      ["VERSION", "2.0.0"],
      ["GIT_TAG", "v2"],
      ["GITHUB_RUN_NUMBER", "9"],
    ] as const) {
      vi.stubEnv(name, value);
    }
    vi.stubEnv("TIDELINE_ENVIRONMENT", "production");
    const second = await makeBuild();
    expect(second.files).toEqual(first.files);
    expect(second.stamp.buildId).toBe(first.stamp.buildId);
    expect(second.stamp.version).toBe("2.0.0");
    const changed = second.files.filter(
      (path) =>
        path.includes(".") && readFileSync(join(root, "first", path), "utf8") !== readBuilt(path),
    );
    expect(changed).toEqual(["index.html", "version.json"]);
  });

  test.each<[title: string, files: Record<string, string>]>([
    ["code", { "lazy.ts": "export const lazy = 2;" }],
    ["the page", { "index.html": PAGE.replace("<body>", "<body>!") }],
    ["a public file", { "public/robots.txt": "Disallow: /" }],
    ["one more public file", { "public/new.txt": "" }],
  ])("of other bytes has another id: %s", async (_, files) => {
    const first = await makeBuild();
    write(files);
    expect((await makeBuild()).stamp.buildId).not.toBe(first.stamp.buildId);
  });

  test("of another public variable has another id", async () => {
    write({ "lazy.ts": "export const lazy = import.meta.env.VITE_URL;" });
    vi.stubEnv("VITE_URL", "https://a.example");
    const first = await makeBuild();
    vi.stubEnv("VITE_URL", "https://b.example");
    expect((await makeBuild()).stamp.buildId).not.toBe(first.stamp.buildId);
  });

  test("stamps every page, also those that a plugin emits by itself", async () => {
    write({ "about/index.html": PAGE });
    const input = [join(root, "index.html"), join(root, "about/index.html")];
    const { stamp } = await makeBuild({
      base: "/app/",
      build: { rolldownOptions: { input } },
      plugins: [
        {
          name: "prerender",
          generateBundle() {
            this.emitFile({
              type: "asset",
              fileName: "late.html",
              source: "<html><head></head></html>",
            });
          },
        },
      ],
    });
    for (const path of ["index.html", "about/index.html", "late.html"]) {
      expect(stampIn(path)?.buildId).toBe(stamp.buildId);
    }
  });

  test("ignores a version.json in the public folder", async () => {
    const first = await makeBuild();
    write({ "public/version.json": '{"version":"1"}' });
    expect((await makeBuild()).stamp.buildId).toBe(first.stamp.buildId);
  });

  test("without pages has version.json alone, and its constants are inlined", async () => {
    write({ "lib.ts": "export const version = () => [__APP_VERSION__, __APP_NAME__];" });
    vi.stubEnv("VERSION", "3.1.4");
    const { stamp } = await makeBuild({
      build: { lib: { entry: "lib.ts", formats: ["es"], fileName: "lib" }, copyPublicDir: false },
    });
    expect(listBuilt()).toEqual(["lib.js", "version.json"]);
    const lib: { version(): unknown } = await import(pathToFileURL(join(root, "dist/lib.js")).href);
    expect(lib.version()).toEqual(["3.1.4", "web"]);
    expect(await hashArtifact(join(root, "dist"))).toBe(stamp.buildId);
  });

  test("for a server inlines its constants too", async () => {
    write({ "server.ts": 'import { stamp } from "virtual:tideline"; export { stamp };' });
    vi.stubEnv("VERSION", "3.1.4");
    await makeBuild({ build: { ssr: "server.ts" } });
    const server: { stamp: BuildStamp } = await import(
      pathToFileURL(join(root, "dist/server.js")).href
    );
    expect(server.stamp).toMatchObject({ version: "3.1.4", appName: "web", buildId: "unknown" });
  });

  test("for browser and server in one go inlines the server's constants alone", async () => {
    write({ "server.ts": "export default __APP_VERSION__;" });
    vi.stubEnv("VERSION", "3.1.4");
    const builder = await createBuilder({
      root,
      configFile: false,
      logLevel: "silent",
      builder: {},
      plugins: [tideline({ appName: "web" })],
      environments: {
        client: { build: { outDir: "dist/client" } },
        ssr: { build: { outDir: "dist/server", rolldownOptions: { input: "server.ts" } } },
      },
    });
    await builder.buildApp();
    for (const folder of ["dist/client", "dist/server"]) {
      const stamp = await readVersionFile(join(root, folder, "version.json"));
      expect(await hashArtifact(join(root, folder))).toBe(stamp.buildId);
      const code = listBuilt(folder)
        .filter((path) => path.endsWith(".js"))
        .map((path) => readBuilt(`../${folder}/${path}`));
      expect(code.join("").includes("3.1.4")).toBe(folder === "dist/server");
    }
  });

  test("of several outputs has one id over all of them", async () => {
    const output = ["a", "b"].map((name) => ({ entryFileNames: `${name}-[hash].js` }));
    const { stamp } = await makeBuild({ build: { rolldownOptions: { output } } });
    expect(listBuilt().filter((path) => /^[ab]-/.test(path))).toHaveLength(2);
    expect(await hashArtifact(join(root, "dist"))).toBe(stamp.buildId);
    expect(stampIn("index.html")?.buildId).toBe(stamp.buildId);
  });

  test("that writes nothing has the stamp in what it returns", async () => {
    const output = (await build({
      root,
      configFile: false,
      logLevel: "silent",
      build: { write: false },
      plugins: [tideline({ appName: "web" })],
    })) as Rollup.RollupOutput;
    expect(existsSync(join(root, "dist"))).toBe(false);
    const asset = (name: string) =>
      String(
        output.output.flatMap((file) =>
          file.fileName === name && file.type === "asset" ? [file.source] : [],
        )[0],
      );
    expect(JSON.parse(asset("version.json")).buildId).toBe(
      readStampTag(asset("index.html"))?.stamp?.buildId,
    );
  });

  test("that fails leaves the last one's version.json, one that breaks off while writing does not", async () => {
    const failing = (hook: "buildEnd" | "writeBundle") =>
      makeBuild({
        build: { emptyOutDir: false },
        plugins: [
          {
            name: "failing",
            [hook]() {
              throw new Error("stop");
            },
          },
        ],
      });
    await makeBuild();
    await expect(failing("buildEnd")).rejects.toThrow("stop");
    expect(listBuilt()).toContain("version.json");
    await expect(failing("writeBundle")).rejects.toThrow("stop");
    expect(listBuilt()).not.toContain("version.json");
    expect(listBuilt()).toContain("index.html");
  });

  test("again, while Vite watches, has a new id and the version of that moment", async () => {
    vi.stubEnv("VERSION", "1.0.0");
    const watcher = (await build({
      root,
      configFile: false,
      logLevel: "silent",
      build: { watch: {} },
      plugins: [tideline({ appName: "web" })],
    })) as Rollup.RollupWatcher;
    // Vite may build twice at the start, because the files are as new as the watcher.
    const built = (isAwaited: (stamp: VersionFile) => boolean) =>
      new Promise<VersionFile>((resolve, reject) => {
        watcher.on("event", (event) => {
          if (event.code === "ERROR") reject(event.error);
          if (event.code !== "END") return;
          const stamp: VersionFile = JSON.parse(readBuilt("version.json"));
          if (isAwaited(stamp)) resolve(stamp);
        });
      });
    try {
      const first = await built(() => true);
      expect(first.version).toBe("1.0.0");
      vi.stubEnv("VERSION", "2.0.0");
      const next = built((stamp) => stamp.buildId !== first.buildId);
      write({ "lazy.ts": "export const lazy = 3;" });
      const second = await next;
      expect(second.version).toBe("2.0.0");
      expect(stampIn("index.html")?.buildId).toBe(second.buildId);
    } finally {
      await watcher.close();
    }
  });

  test("in CI without an environment fails with one sentence", async () => {
    vi.stubEnv("TIDELINE_ENVIRONMENT", undefined);
    vi.stubEnv("CI", "true");
    await expect(makeBuild()).rejects.toThrow(
      "in CI the environment has to be named, set TIDELINE_ENVIRONMENT",
    );
  });

  test("for promotion names no environment", async () => {
    vi.stubEnv("TIDELINE_ENVIRONMENT", undefined);
    const { stamp } = await makeBuild({}, { appName: "web", environment: null });
    expect(stamp.environment).toBeNull();
  });

  test("says in its log what no commit holds", async () => {
    const git = (...args: string[]) => execFileSync("git", args, { cwd: root, stdio: "ignore" });
    git("init", "-q");
    git(
      "-c",
      "user.name=a",
      "-c",
      "user.email=a@example.com",
      "commit",
      "-q",
      "--allow-empty",
      "-m",
      "x",
    );
    const warnings: string[] = [];
    const customLogger = {
      hasWarned: false,
      info() {},
      warnOnce() {},
      error() {},
      clearScreen() {},
      warn: (text: string) => void warnings.push(text),
      hasErrorLogged: () => false,
    };
    await makeBuild({ customLogger });
    expect(warnings[0]).toContain("tideline: Working directory has uncommitted changes:");
    expect(warnings[0]).not.toContain("dist");
  });
});

describe("the constants", () => {
  const runPage = async (): Promise<{ seen: Record<string, unknown>; lazy: unknown }> => {
    const html = readBuilt("index.html");
    const window = new Window();
    window.document.write(html.replace(/<script.*?<\/script>/g, ""));
    vi.stubGlobal("document", window.document);
    const entry = /assets\/index-[^"]+\.js/.exec(html)?.[0] ?? "";
    try {
      await import(pathToFileURL(join(root, "dist", entry)).href);
      const { seen, loadLater } = globalThis as unknown as {
        seen: Record<string, unknown>;
        loadLater: () => Promise<{ lazy: unknown }>;
      };
      return { seen, lazy: (await loadLater()).lazy };
    } finally {
      vi.unstubAllGlobals();
    }
  };

  test("say what the page's stamp says, and leave strings and local names alone", async () => {
    vi.stubEnv("VERSION", `1.0.0`);
    vi.stubEnv("GIT_TAG", `we"ird </script> & 'tag'`);
    vi.stubEnv("GITHUB_RUN_NUMBER", "41");
    const { stamp } = await makeBuild({
      build: { modulePreload: { polyfill: false } },
      base: "./",
    });
    const { seen, lazy } = await runPage();
    expect(seen).toEqual({
      text: "__APP_VERSION__",
      local: "mine",
      version: "1.0.0",
      commit: stamp.gitCommit ?? "unknown",
      number: 41,
      time: stamp.buildTime,
      __GIT_TAG__: `we"ird </script> & 'tag'`,
    });
    expect(lazy).toEqual(["web", "staging"]);
  });

  test("are not in any JavaScript file", async () => {
    vi.stubEnv("VERSION", "7.7.7");
    const { files, stamp } = await makeBuild();
    const code = files
      .filter((path) => path.endsWith(".js"))
      .map(readBuilt)
      .join("");
    for (const value of ["7.7.7", stamp.buildId, String(stamp.buildTime), "staging"]) {
      expect(code).not.toContain(value);
    }
  });

  test("in a worker are neutral and known", async () => {
    write({
      "main.ts": 'new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });',
      "worker.ts": "postMessage([__APP_VERSION__, __APP_NAME__, __BUILD_TIME__]);",
    });
    const { files } = await makeBuild();
    const worker = files.find((path) => path.includes("worker-")) ?? "";
    const messages: unknown[] = [];
    new Function("postMessage", readBuilt(worker))((message: unknown) => messages.push(message));
    expect(messages).toEqual([["unknown", "web", 0]]);
  });

  test("leave the sources in the source map as they were", async () => {
    await makeBuild({ build: { sourcemap: true } });
    const map = listBuilt().find((path) => /lazy-.*\.map$/.test(path)) ?? "";
    const { sources, sourcesContent } = JSON.parse(readBuilt(map));
    expect(sources).toEqual(["../../lazy.ts"]);
    expect(sourcesContent).toEqual([FILES["lazy.ts"]]);
  });
});

describe("the dev server", () => {
  test("serves a page that calls itself dev, and the stamp's module", async () => {
    vi.stubEnv("CI", "true");
    vi.stubEnv("TIDELINE_ENVIRONMENT", undefined);
    vi.stubEnv("VERSION", "5.0.0");
    const server = await createServer({
      root,
      configFile: false,
      logLevel: "silent",
      server: { middlewareMode: true, ws: false },
      optimizeDeps: { noDiscovery: true },
      plugins: [tideline({ appName: "web" })],
    });
    try {
      const html = await server.transformIndexHtml("/", PAGE);
      expect(readStampTag(html)).toEqual({ stamp: null });
      expect(html).toContain("&quot;buildId&quot;:&quot;dev&quot;");
      const { lazy } = await server.ssrLoadModule("/lazy.ts");
      expect(lazy).toEqual(["web", "local"]);
      const { stamp } = await server.ssrLoadModule("virtual:tideline");
      expect(stamp).toMatchObject({ buildId: "dev", version: "5.0.0" });
    } finally {
      await server.close();
    }
  });
});
