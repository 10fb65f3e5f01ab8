import { expect, test } from "vitest";
import { parseFunctionPath } from "./function-path.js";

test.each([
  ["notes:list", "notes.js", "list", "notes:list"],
  ["notes.js:list", "notes.js", "list", "notes:list"],
  ["dir/notes:list", "dir/notes.js", "list", "dir/notes:list"],
  ["notes", "notes.js", "default", "notes"],
  ["notes:default", "notes.js", "default", "notes"],
])("%s is the function %s:%s", (path, module, name, display) => {
  expect(parseFunctionPath(path)).toEqual({
    module,
    name,
    identifier: `${module}:${name}`,
    display,
  });
});
