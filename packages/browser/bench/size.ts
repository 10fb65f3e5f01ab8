/**
 * What a page loads with `/tideline.js`, in bytes: as it is built, and as hosts send it.
 *
 *   npm run bench -- browser/bench/size
 *
 * The gate is src/size.test.ts; this is the table beside it. The last rows build one part by itself:
 * parts do not add up to the whole, because gzip finds in each what the others have too.
 *
 * How it could mislead: the gateway sends gzip -6, a host in front of it may speak Brotli; both are
 * here. What a page pays besides bytes (parsing, one stream) is in no column.
 */
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { build, type InlineConfig, type Rollup } from "vite";
import { printTable } from "../../embedded/bench/support/table.js";
import { scriptConfig } from "../vite.config.js";

const ENTRY = fileURLToPath(new URL("entry.ts", import.meta.url));
const source = (path: string) =>
  JSON.stringify(fileURLToPath(new URL(`../${path}`, import.meta.url)));

const { main, watchOnly } = {
  main: await bundle(scriptConfig("main")),
  watchOnly: await bundle(scriptConfig("watch-only")),
};
const alone = (names: string, path: string) =>
  bundle(
    scriptConfig("main"),
    `import { ${names} } from ${source(path)}; globalThis.added = [${names}];`,
  );

printTable(
  ["", "raw", "gzip -6", "gzip -9", "Brotli"],
  [
    row("tideline.js", main),
    row("of it, without toast and styles", watchOnly),
    row("alone: the rule (judge)", await alone("judge", "../version/src/index.ts")),
    row(
      "alone: following (createVersionWatch)",
      await alone("createVersionWatch", "../watch/src/index.ts"),
    ),
    row(
      "alone: one stream for all tabs (gatewaySource)",
      await alone("gatewaySource", "../watch/src/sse.ts"),
    ),
    row(
      "alone: the page (browserPage, readStamp)",
      await alone("browserPage, readStamp", "../watch/src/page.ts"),
    ),
  ],
);

function row(name: string, code: string): string[] {
  const sizes = [
    Buffer.byteLength(code),
    gzipSync(code).length,
    gzipSync(code, { level: 9 }).length,
    brotliCompressSync(code).length,
  ];
  return [name, ...sizes.map((size) => size.toLocaleString("en"))];
}

/** Builds the script, or another text in its place, without writing it. */
async function bundle(config: InlineConfig, text?: string): Promise<string> {
  const entry = {
    name: "entry",
    resolveId: (id: string) => (id === ENTRY ? id : null),
    load: (id: string) => (id === ENTRY ? text : null),
  };
  const input = text === undefined ? config.build?.rolldownOptions?.input : ENTRY;
  const { output } = (await build({
    ...config,
    configFile: false,
    plugins: [config.plugins, entry],
    build: {
      ...config.build,
      write: false,
      rolldownOptions: { ...config.build?.rolldownOptions, ...(input && { input }) },
    },
  })) as Rollup.RollupOutput;
  return output.map((file) => (file.type === "chunk" ? file.code : "")).join("");
}
