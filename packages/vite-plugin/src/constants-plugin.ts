import type { BuildStamp } from "@tideline/version";
import type { Plugin } from "vite";
import { ANY_CONSTANT, STAMP_MODULE } from "./constants.js";
import { importConstants } from "./import-constants.js";
import { constantsModule, resolveVirtualModule, stampModule } from "./virtual-modules.js";

/**
 * Gives the plugin that serves `virtual:tideline` and imports the build constants where they
 * are used.
 *
 * @param fallback The stamp for code that runs without a page, in the environment of that name.
 */
export function constantsPlugin(fallback: (isServer: boolean) => BuildStamp): Plugin {
  let root = "";
  return {
    name: "tideline:constants",
    // After TypeScript and JSX are gone, so that what is left is plain JavaScript.
    enforce: "post",
    configResolved(config) {
      root = config.root;
    },
    resolveId: {
      filter: { id: /^virtual:tideline(?:\/constants)?$/ },
      handler: (id) => resolveVirtualModule(id),
    },
    load: {
      // Resolved ids begin with a NUL.
      filter: { id: /^\0virtual:tideline(?:\/constants)?$/ },
      handler(id) {
        const isServer = this.environment?.config.consumer === "server";
        const code =
          id === `\0${STAMP_MODULE}` ? stampModule(fallback(isServer)) : constantsModule();
        return { code, moduleSideEffects: false };
      },
    },
    transform: {
      filter: { code: ANY_CONSTANT },
      handler(code, id) {
        // Other people's packages do not know our names; a project may itself live in such a folder.
        const path = id.startsWith(root) ? id.slice(root.length) : id;
        if (path.startsWith("\0") || path.includes("/node_modules/")) return null;
        return importConstants(code, (text) => this.parse(text));
      },
    },
  };
}
