/**
 * What Tideline adds to a React app that already uses `convex/react`, in bytes after gzip -9.
 *
 * Run: `node --conditions=convex --import tsx packages/react/bench/size.ts`. Ends with status 1 if
 * a limit is passed.
 *
 * Each row is a whole app (React, react-dom, Convex's client) built by Vite as for production, once
 * without and once with the thing; the row is the difference. How it could mislead: gzip finds
 * repetitions in what is already there, so the same code costs more by itself and less in a large
 * app; another bundler's minifier gives up to a tenth more; and Brotli, which most hosts speak,
 * gives about a tenth less.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, type Rollup } from "vite";

const ENTRY = fileURLToPath(new URL("entry.ts", import.meta.url));
const DOOR = fileURLToPath(new URL("../src/index.ts", import.meta.url));

const GATEWAY = fileURLToPath(new URL("../../watch/src/sse.ts", import.meta.url));

const APP = `
import { createRoot } from "react-dom/client";
import { jsx } from "react/jsx-runtime";
import { StrictMode, useEffect, useState } from "react";
import { ConvexProvider, ConvexReactClient, useMutation, useQuery } from "convex/react";
globalThis.app = [createRoot, jsx, StrictMode, useEffect, useState];
globalThis.convex = [ConvexProvider, ConvexReactClient, useMutation, useQuery];
`;

interface Row {
  readonly name: string;
  readonly code: string;
  readonly maxBytes?: number;
}

const ROWS: readonly Row[] = [
  {
    name: "useVersionCheck",
    code: `import { useVersionCheck } from ${JSON.stringify(DOOR)}; globalThis.added = useVersionCheck;`,
    maxBytes: 2_048,
  },
  {
    name: "useVersionCheck and UpdateNotification",
    code: `import { useVersionCheck, UpdateNotification } from ${JSON.stringify(DOOR)}; globalThis.added = [useVersionCheck, UpdateNotification];`,
    maxBytes: 4_096,
  },
  {
    name: "useVersionCheck with gatewaySource",
    code: `import { useVersionCheck } from ${JSON.stringify(DOOR)}; import { gatewaySource } from ${JSON.stringify(GATEWAY)}; globalThis.added = [useVersionCheck, gatewaySource];`,
    maxBytes: 3_200,
  },
  {
    name: "beside: date-fns formatDistanceToNow",
    code: `import { formatDistanceToNow } from "date-fns"; globalThis.added = formatDistanceToNow;`,
  },
  {
    name: "beside: lucide-react X and RefreshCw",
    code: `import { X, RefreshCw } from "lucide-react"; globalThis.added = [X, RefreshCw];`,
  },
];

async function bundle(code: string): Promise<number> {
  const output = (await build({
    configFile: false,
    logLevel: "silent",
    resolve: { conditions: ["convex", "module", "browser", "production"] },
    plugins: [{ name: "entry", load: (id) => (id === ENTRY ? code : null), resolveId: only }],
    build: {
      write: false,
      target: "es2022",
      modulePreload: { polyfill: false },
      rolldownOptions: { input: ENTRY },
    },
  })) as Rollup.RollupOutput;
  return gzipSync(output.output.map((file) => ("code" in file ? file.code : "")).join(""), {
    level: 9,
  }).length;
}

/** The entry is a file in name only. */
function only(id: string): string | null {
  return id === ENTRY ? id : null;
}

const appBytes = await bundle(APP);
console.log(`app without Tideline: ${appBytes} B gzip\n`);
for (const { name, code, maxBytes } of ROWS) {
  const addedBytes = (await bundle(APP + code)) - appBytes;
  const isOver = maxBytes !== undefined && addedBytes > maxBytes;
  if (isOver) process.exitCode = 1;
  const limit = maxBytes === undefined ? "" : `  limit ${maxBytes} B${isOver ? "  TOO LARGE" : ""}`;
  console.log(`${name.padEnd(40)} ${String(addedBytes).padStart(6)} B${limit}`);
}
const css = gzipSync(readFileSync(new URL("../styles.css", import.meta.url)), { level: 9 }).length;
console.log(`${"styles.css, a file of its own".padEnd(40)} ${String(css).padStart(6)} B`);
