import { SourceMap } from "node:module";
import { parseAst } from "vite";
import { expect, test } from "vitest";
import { importConstants } from "./import-constants.js";

const IMPORT = 'import { __APP_VERSION__ } from "virtual:tideline/constants";';
const changed = (code: string) => importConstants(code, (text) => parseAst(text))?.code ?? null;

test.each([
  "log(__APP_VERSION__)",
  "export const a = { __APP_VERSION__ }",
  "export default `v$" + "{__APP_VERSION__}`",
  "typeof __APP_VERSION__ === 'string' && go()",
  "function f(__APP_VERSION__) { return __APP_VERSION__ } f(__APP_VERSION__)",
  "const f = () => { var __APP_VERSION__ = 1; return __APP_VERSION__ }",
  "class A { m() { var __APP_VERSION__ } }",
])("%s gets an import on its first line", (code) => {
  expect(changed(code)).toBe(IMPORT + code);
});

test.each([
  ["a string", "log('__APP_VERSION__')"],
  ["a comment", "log() // __APP_VERSION__"],
  ["a longer name", "log(my__APP_VERSION__x)"],
  ["an import of the name", "import { __APP_VERSION__ } from './mine'; log(__APP_VERSION__)"],
  ["a renamed import", "import { a as __APP_VERSION__ } from './mine'; log(__APP_VERSION__)"],
  ["a variable of the module", "export const { a: [__APP_VERSION__] } = x; log(__APP_VERSION__)"],
  ["a function of the module", "export default function __APP_VERSION__() {}"],
  ["a class of the module", "class __APP_VERSION__ {}"],
  ["a var in a block", "if (a) { for (var __APP_VERSION__ of b) ; } log(__APP_VERSION__)"],
  ["CSS", ".a { content: '__APP_VERSION__'; color: red }"],
])("%s is left alone", (_, code) => {
  expect(changed(code)).toBeNull();
});

test("only what is used is imported, in one line", () => {
  expect(changed("f(__GIT_TAG__, __APP_NAME__)")).toBe(
    'import { __APP_NAME__, __GIT_TAG__ } from "virtual:tideline/constants";f(__GIT_TAG__, __APP_NAME__)',
  );
});

test("a #! line stays the first", () => {
  expect(changed("#!/usr/bin/env node\nlog(__APP_VERSION__)")).toBe(
    `#!/usr/bin/env node\n${IMPORT}log(__APP_VERSION__)`,
  );
});

test("the source map leads back to the place in the module", () => {
  const code = "log(__APP_VERSION__);\nif (a) log(b);\n";
  const result = importConstants(code, (text) => parseAst(text));
  const map = new SourceMap(JSON.parse(String(result?.map)));
  const lines = result?.code.split("\n") ?? [];
  const origin = (line: number, word: string) => {
    const entry = map.findEntry(line, lines[line]?.indexOf(word) ?? -1);
    return "originalLine" in entry ? [entry.originalLine, entry.originalColumn] : null;
  };
  expect(origin(0, "log")).toEqual([0, 0]);
  expect(origin(1, "log")).toEqual([1, 7]);
});
