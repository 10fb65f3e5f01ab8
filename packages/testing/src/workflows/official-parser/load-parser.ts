import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "vite";
import type { ParseWorkflow } from "./parse-workflow.js";

/** Gives GitHub's parser, bundled for the Node that runs the tests. */
export async function loadParser(): Promise<ParseWorkflow> {
  const folder = await mkdtemp(join(tmpdir(), "tideline-workflow-parser-"));
  try {
    await build({
      configFile: false,
      logLevel: "silent",
      root: fileURLToPath(new URL(".", import.meta.url)),
      ssr: { noExternal: true },
      build: { ssr: "parse-workflow.ts", outDir: folder, emptyOutDir: true },
    });
    const module = (await import(pathToFileURL(join(folder, "parse-workflow.js")).href)) as {
      readonly parseWorkflow: ParseWorkflow;
    };
    return module.parseWorkflow;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
