/** The size gate: the script as it is built, under gzip as most servers do it. */
import { gzipSync } from "node:zlib";
import { build, type Rollup } from "vite";
import { expect, test } from "vitest";
import { scriptConfig } from "../vite.config.js";

async function gzipBytes(entry: "main" | "watch-only"): Promise<number> {
  const config = scriptConfig(entry);
  const { output } = (await build({
    ...config,
    configFile: false,
    build: { ...config.build, write: false },
  })) as Rollup.RollupOutput;
  expect(output).toHaveLength(1);
  return gzipSync((output[0] as Rollup.OutputChunk).code, { level: 9 }).length;
}

test.each([
  ["the watch without its toast", "watch-only", 2_457],
  ["the whole script, with toast and styles", "main", 4_096],
] as const)("%s is small", async (_, entry, maxBytes) => {
  expect(await gzipBytes(entry)).toBeLessThanOrEqual(maxBytes);
});
