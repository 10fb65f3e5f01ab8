import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ResolvedConfig } from "vite";

/** Says whether an entry of a build is a page; a library's and a server's are not. */
export function emitsPages(config: ResolvedConfig): boolean {
  const browsers = Object.values(config.environments).filter(
    ({ consumer }) => consumer === "client",
  );
  return [config, ...browsers].some(({ build }) => hasPageEntry(build, config.root));
}

function hasPageEntry({ lib, ssr, rollupOptions }: ResolvedConfig["build"], root: string): boolean {
  if (lib || ssr) return false;
  const { input } = rollupOptions;
  if (input === undefined) return existsSync(join(root, "index.html"));
  const entries = typeof input === "string" ? [input] : Object.values(input);
  return entries.some((entry) => /\.html?$/i.test(entry));
}
