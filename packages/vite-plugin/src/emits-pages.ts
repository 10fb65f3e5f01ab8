import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ResolvedConfig } from "vite";

/** Says whether a build's entries are pages; a library's and a server's are not. */
export function emitsPages(config: ResolvedConfig): boolean {
  const { lib, ssr, rollupOptions } = config.build;
  if (lib || ssr) return false;
  const { input } = rollupOptions;
  if (input === undefined) return existsSync(join(config.root, "index.html"));
  const entries = typeof input === "string" ? [input] : Object.values(input);
  return entries.some((entry) => /\.html?$/i.test(entry));
}
