import { type BuildStamp, STAMP_META_NAME } from "@tideline/version";
import { CONSTANT_NAMES, CONSTANTS, CONSTANTS_MODULE, STAMP_MODULE } from "./constants.js";

/**
 * Gives the code of `virtual:tideline`, which reads the page's meta tag when it is loaded. The
 * code of two builds that differ in the stamp alone is therefore the same, so no file is renamed.
 *
 * @param fallback The stamp where there is no page: on a server, in a worker, in a test.
 */
export function stampModule(fallback: BuildStamp): string {
  return `const fallback = ${JSON.stringify(fallback)};
function read() {
  if (typeof document === "undefined") return fallback;
  const tag = document.querySelector('meta[name="${STAMP_META_NAME}"]');
  try {
    return tag === null ? fallback : { ...fallback, ...JSON.parse(tag.content) };
  } catch {
    return fallback;
  }
}
export const stamp = /* @__PURE__ */ read();
export default stamp;
`;
}

/** Gives the code of `virtual:tideline/constants`: one export a constant, by its own name. */
export function constantsModule(): string {
  const exports = CONSTANT_NAMES.map((name) => `export const ${name} = ${CONSTANTS[name]};`);
  return `import { stamp } from "${STAMP_MODULE}";\n${exports.join("\n")}\n`;
}

/** Says whether an id is one of the two modules; resolved ids begin with a NUL, as Rollup asks. */
export function resolveVirtualModule(id: string): string | null {
  return id === STAMP_MODULE || id === CONSTANTS_MODULE ? `\0${id}` : null;
}
