import { copyFile, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, defaultServerConditions } from "vite";

const FLEET = fileURLToPath(new URL("../..", import.meta.url));

/** `tideline-sync` and the bare client as they are installed: without a loader of TypeScript. */
export interface BuiltPrograms {
  readonly sync: string;
  readonly bareClient: string;
  readonly dispose: () => Promise<void>;
}

/** Bundles both into a temporary folder. */
export async function buildPrograms(): Promise<BuiltPrograms> {
  const folder = await mkdtemp(join(tmpdir(), "tideline-fleet-bench-"));
  await copyFile(join(FLEET, "package.json"), join(folder, "package.json"));
  await symlink(join(FLEET, "../../node_modules"), join(folder, "node_modules"));
  const dist = join(folder, "dist");
  await build({
    configFile: false,
    logLevel: "silent",
    root: FLEET,
    // Libraries stay what npm installs.
    ssr: {
      noExternal: [/^@tideline\//],
      resolve: { conditions: ["convex", ...defaultServerConditions] },
    },
    build: {
      ssr: true,
      outDir: dist,
      emptyOutDir: true,
      rollupOptions: {
        input: {
          sync: join(FLEET, "src/main.ts"),
          bare: join(FLEET, "bench/support/bare-client.ts"),
        },
        // Beside each other, as the version is read from the package.json above them.
        output: { entryFileNames: "[name].js", chunkFileNames: "[name]-[hash].js" },
      },
    },
  });
  return {
    sync: join(dist, "sync.js"),
    bareClient: join(dist, "bare.js"),
    dispose: () => rm(folder, { recursive: true, force: true }),
  };
}
