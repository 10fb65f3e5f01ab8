import { fileURLToPath } from "node:url";
import { build, defaultClientConditions, type Rollup } from "vite";

/** Builds one of the scripts in this folder into one text, as an app would build it. */
export async function bundle(name: string): Promise<string> {
  const result = (await build({
    configFile: false,
    logLevel: "warn",
    resolve: { conditions: ["convex", ...defaultClientConditions] },
    build: {
      write: false,
      modulePreload: { polyfill: false },
      rolldownOptions: {
        input: fileURLToPath(new URL(name, import.meta.url)),
        output: { format: "iife" },
      },
    },
  })) as Rollup.RollupOutput;
  return result.output.map((file) => (file.type === "chunk" ? file.code : "")).join("");
}
