/** Builds `dist/tideline.js`, one classic script. */
import type { InlineConfig, Plugin } from "vite";

/** A host that names no charset, or a page in another one, must not garble a character. */
const ascii: Plugin = {
  name: "ascii",
  generateBundle(_, bundle) {
    for (const chunk of Object.values(bundle)) {
      if (chunk.type !== "chunk") continue;
      chunk.code = chunk.code.replace(
        /[^\0-\x7f]/g,
        (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
      );
    }
  },
};

/**
 * How the script is built.
 *
 * @param entry `main`, or `watch-only`: what of it is not the toast, for the size gate.
 */
export function scriptConfig(entry: "main" | "watch-only"): InlineConfig {
  return {
    root: import.meta.dirname,
    logLevel: "warn",
    // The workspace's packages name their sources under "convex".
    resolve: { conditions: ["convex", "module", "browser", "production"] },
    plugins: [ascii],
    build: {
      target: "es2022",
      // The browsers that have light-dark(); lowered for older ones, the styles are twice the size.
      cssTarget: ["chrome123", "firefox120", "safari17.5"],
      modulePreload: false,
      rolldownOptions: {
        input: `${import.meta.dirname}/src/${entry}.ts`,
        output: { format: "iife", entryFileNames: "tideline.js" },
      },
    },
  };
}

export default scriptConfig("main");
