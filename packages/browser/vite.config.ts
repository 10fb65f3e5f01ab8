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

/** What the toast does not ask for, by the file that says it, and what stands there instead. */
const UNSEEN: Record<string, Readonly<Record<string, string>>> = {
  "follow-version.ts": {
    // Some states show nothing, whichever it is.
    '"listening"': "0",
    '"waiting"': "1",
    '"dismissed"': "0",
    // A gateway gives no such thing, and nobody ends the watch.
    "if (heard === undefined) return;": "",
    "const stop = source": "source",
    ", hear, fail": ", hear",
    "fail({});": "",
    "return () => {\n        turn++;\n        stop();\n      };": "",
  },
  // Nobody is told of what is strange.
  "follow-gateway.ts": { "onStrange?.();": "" },
  // Only what is outdated has a severity, which says enough.
  "judge.ts": {
    'kind: "unknown", reason: "no-stamp"': "",
    'kind: "unknown", reason: "not-recorded"': "",
    'kind: "current"': "",
    'kind: "ahead"': "",
    'kind: "outdated",': "",
    "stamp === null || ": "",
  },
};

const leaveUnseen: Plugin = {
  name: "leave-unseen",
  enforce: "pre",
  transform(code, id) {
    for (const [text, instead] of Object.entries(UNSEEN[id.slice(id.lastIndexOf("/") + 1)] ?? {})) {
      if (!code.includes(text)) this.error(`Cannot leave out ${text}: expected it in ${id}`);
      code = code.replaceAll(text, instead);
    }
    return code;
  },
};

/** Properties that nobody outside of the script sees, and that neither the DOM nor a message has. */
const INTERNAL =
  /^(recall|remember|servedBuild|listen|source|page|after|check|start|subscribe|stamp|api|show)$/;

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
    plugins: [leaveUnseen, ascii],
    build: {
      target: "es2022",
      // The browsers that have light-dark(); lowered for older ones, the styles are twice the size.
      cssTarget: ["chrome123", "firefox120", "safari17.5"],
      modulePreload: false,
      rolldownOptions: {
        input: `${import.meta.dirname}/src/${entry}.ts`,
        output: {
          format: "iife",
          entryFileNames: "tideline.js",
          minify: {
            compress: { target: "es2022" },
            mangle: true,
            mangleProps: { include: INTERNAL },
          },
        },
      },
    },
  };
}

export default scriptConfig("main");
