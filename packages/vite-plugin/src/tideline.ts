/**
 * The Vite plugin. It gathers the stamp, waits until the bytes of the build are known, and then puts
 * the stamp with their hash into the pages and into `version.json`. No JavaScript file holds the
 * stamp, so a change of the version alone renames none.
 */
import { rm } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import {
  type BuildFacts,
  createStamp,
  formatVersionFile,
  VERSION_FILE_NAME,
  withStampTag,
  writeVersionFile,
} from "@tideline/stamp";
import {
  BUILD_ID_PLACEHOLDER,
  type BuildId,
  type BuildStamp,
  STAMP_META_NAME,
} from "@tideline/version";
import type { Plugin, ResolvedConfig } from "vite";
import { ArtifactHash } from "./artifact-hash.js";
import { constantsPlugin } from "./constants-plugin.js";
import { emitsPages } from "./emits-pages.js";

/** What the build is called. Environment variables of the same meaning go before these. */
export interface TidelineOptions {
  /** Which application this is. `TIDELINE_APP` and `APP_NAME` override it. @default package.json's name */
  readonly appName?: string;
  /**
   * Where it is built to run; null for one artifact that is promoted from place to place.
   * `TIDELINE_ENVIRONMENT` overrides it.
   *
   * @default "local" on a developer's machine; a build in CI has no default and fails
   */
  readonly environment?: string | null;
  /** More paths below the root that the build writes; they do not make the working tree dirty. */
  readonly outputs?: readonly string[];
}

/**
 * Gives the plugins that stamp a Vite build.
 *
 * Every emitted page gets `<meta name="tideline-build" content="…">`, the output folder gets
 * `version.json`, and code may use `virtual:tideline` and the constants `__APP_VERSION__`,
 * `__GIT_COMMIT__`, `__BUILD_NUMBER__`, `__BUILD_TIME__`, `__APP_NAME__`, `__ENVIRONMENT__` and
 * `__GIT_TAG__`. In the dev server the build id is `"dev"`, which never counts as outdated.
 *
 * @throws {Error} When a build in CI is not told its environment.
 *
 * @example
 * export default defineConfig({ plugins: [react(), tideline({ appName: "web" })] });
 */
export function tideline(options: TidelineOptions = {}): Plugin[] {
  let config: ResolvedConfig;
  let facts: BuildFacts;
  /** True once any of the build's environments is known to make pages. */
  let hasPages = false;
  /** One hash for each environment (client, ssr) that this build makes. */
  const hashes = new Map<string, ArtifactHash>();

  const gather = async () => {
    const isBuild = config.command === "build";
    const created = await createStamp({
      cwd: config.root,
      ...(options.appName !== undefined && { appName: options.appName }),
      // The dev server and the tests record nothing, so a guess cannot mislead anybody there.
      ...((options.environment !== undefined || !isBuild) && {
        environment: options.environment === undefined ? "local" : options.environment,
      }),
      outputs: [
        relative(config.root, resolve(config.root, config.build.outDir)),
        ...(options.outputs ?? []),
      ],
    });
    facts = created.stamp;
    if (isBuild) for (const warning of created.warnings) config.logger.warn(`tideline: ${warning}`);
  };
  const stampOf = (buildId: string): BuildStamp => ({ ...facts, buildId: buildId as BuildId });
  const fallback = (isServer: boolean): BuildStamp => {
    if (config.command === "serve") return stampOf("dev");
    return isServer || !hasPages ? stampOf("unknown") : neutral(facts.appName);
  };

  const stamping: Plugin = {
    name: "tideline:stamp",
    enforce: "post",
    config: () => ({ worker: { plugins: () => [constantsPlugin(fallback)] } }),
    async configResolved(resolved) {
      config = resolved;
      hasPages ||= emitsPages(resolved);
      hashes.clear();
      await gather();
    },
    async buildStart() {
      // Otherwise a second start is one more output of the same build, whose files count together.
      if (!config.build.watch) return;
      const isAgain = hashes.delete(this.environment.name);
      if (isAgain) await gather();
    },
    transformIndexHtml: {
      order: "post",
      handler: () => {
        const stamp = stampOf(config.command === "serve" ? "dev" : BUILD_ID_PLACEHOLDER);
        const attrs = { name: STAMP_META_NAME, content: JSON.stringify(stamp) };
        return [{ tag: "meta", attrs, injectTo: "head" }];
      },
    },
    generateBundle: {
      order: "post",
      async handler(output, bundle) {
        const { name, config: ofEnvironment } = this.environment;
        const hash = hashes.get(name) ?? (await ArtifactHash.withPublicFiles(ofEnvironment));
        hashes.set(name, hash);
        for (const file of Object.values(bundle)) {
          hash.add(file.fileName, file.type === "chunk" ? file.code : file.source);
        }
        const stamp = stampOf(hash.buildId());
        for (const file of Object.values(bundle)) {
          if (file.type !== "asset" || !/\.html?$/i.test(file.fileName)) continue;
          const html =
            typeof file.source === "string" ? file.source : new TextDecoder().decode(file.source);
          file.source = withStampTag(html, stamp);
        }
        if (ofEnvironment.build.write) {
          // An interrupted build must not leave the file of the one before it.
          await rm(join(folderOf(output, config), VERSION_FILE_NAME), { force: true });
        } else {
          const source = formatVersionFile(stamp);
          this.emitFile({ type: "asset", fileName: VERSION_FILE_NAME, source });
        }
      },
    },
    writeBundle: {
      order: "post",
      sequential: true,
      async handler(output) {
        const hash = hashes.get(this.environment.name);
        if (hash === undefined) return;
        // Last of all: where there is a version.json, everything that it speaks of is written.
        const path = join(folderOf(output, config), VERSION_FILE_NAME);
        await writeVersionFile(path, stampOf(hash.buildId()));
      },
    },
  };
  return [stamping, constantsPlugin(fallback)];
}

function folderOf(
  output: { readonly dir?: string | undefined; readonly file?: string | undefined },
  config: ResolvedConfig,
): string {
  const folder = output.dir ?? (output.file ? dirname(output.file) : config.build.outDir);
  return resolve(config.root, folder);
}

/** What code without a page is told: nothing that would rename its file with every version. */
function neutral(appName: string): BuildStamp {
  return {
    appName,
    environment: null,
    buildId: "unknown" as BuildId,
    version: "unknown",
    gitCommit: null,
    gitBranch: null,
    gitDirty: false,
    gitTag: null,
    buildNumber: 0,
    buildTime: 0,
    commitTime: null,
  };
}
