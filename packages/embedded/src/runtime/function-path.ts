/** A function's address. */
export interface FunctionPath {
  /** `dir/file.js` */
  readonly module: string;
  readonly name: string;
  /** `dir/file.js:name` */
  readonly identifier: string;
  /** As people write it: `dir/file:name`, without `:default`. */
  readonly display: string;
}

/**
 * Reads `dir/file:name`, `dir/file.js:name` or `dir/file` (which means its default export).
 * Any text has a reading; whether there is such a function is another question.
 */
export function parseFunctionPath(path: string): FunctionPath {
  const colon = path.lastIndexOf(":");
  const file = colon === -1 ? path : path.slice(0, colon);
  const name = colon === -1 ? "default" : path.slice(colon + 1);
  const stem = file.replace(/^\//, "").replace(/\.js$/, "");
  return {
    module: `${stem}.js`,
    name,
    identifier: `${stem}.js:${name}`,
    display: name === "default" ? stem : `${stem}:${name}`,
  };
}
