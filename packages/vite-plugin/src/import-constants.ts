/**
 * Makes the build constants work without inlining them: a module that uses one gets an import
 * of the same name. JavaScript's own scopes then decide which uses mean the import, so a parameter
 * or a local variable of that name stays what it is.
 */
import MagicString, { type SourceMap } from "magic-string";
import { ANY_CONSTANT, CONSTANT_NAMES, CONSTANTS_MODULE, type ConstantName } from "./constants.js";
import { declaredNames, usedNames } from "./names-in-module.js";

/** The changed code and its source map. */
export interface ImportedConstants {
  readonly code: string;
  readonly map: SourceMap;
}

/**
 * Gives a module's code with an import for the constants it uses, or null if it uses none.
 *
 * @param parse Gives the module's ESTree; it throws for what is not a JavaScript module.
 */
export function importConstants(
  code: string,
  parse: (code: string) => unknown,
): ImportedConstants | null {
  if (!ANY_CONSTANT.test(code)) return null;
  let program: unknown;
  try {
    program = parse(code);
  } catch {
    // CSS or JSON on its way through: it has no identifiers.
    return null;
  }
  const used = usedNames(program);
  const declared = declaredNames(program);
  const names = CONSTANT_NAMES.filter((name) => used.has(name) && !declared.has(name));
  if (names.length === 0) return null;
  const changed = new MagicString(code);
  // Behind a "#!" line, and on the first line of code, so that line numbers stay.
  const start = code.startsWith("#!") ? code.indexOf("\n") + 1 : 0;
  changed.appendLeft(start, importOf(names));
  return { code: changed.toString(), map: changed.generateMap({ hires: "boundary" }) };
}

function importOf(names: readonly ConstantName[]): string {
  return `import { ${names.join(", ")} } from "${CONSTANTS_MODULE}";`;
}
