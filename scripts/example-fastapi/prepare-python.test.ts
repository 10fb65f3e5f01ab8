import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findPython } from "./prepare-python.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tideline-python-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A program that answers as a Python would, whatever it is asked. */
async function put(name: string, script: string): Promise<void> {
  await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`);
  await chmod(join(folder, name), 0o755);
}

const NEW_ENOUGH = 'echo "3 11"; echo venv';
const MEND =
  "install it (apt-get install python3 python3-venv, brew install python), or name one in PYTHON";

test("python3 goes before python", async () => {
  await put("python3", NEW_ENOUGH);
  await put("python", NEW_ENOUGH);
  expect(await findPython({ PATH: folder })).toBe("python3");
});

test("one that is too old is passed over", async () => {
  await put("python3", 'echo "3 9"; echo venv');
  await put("python", 'echo "3 14"; echo venv');
  expect(await findPython({ PATH: folder })).toBe("python");
});

test("PYTHON names the only one that is looked at", async () => {
  await put("python3", NEW_ENOUGH);
  const named = join(folder, "python3.11");
  await expect(findPython({ PATH: folder, PYTHON: named })).rejects.toThrow(
    `Cannot start the example: expected Python 3.11 or newer with venv, but found no ${named}; ${MEND}`,
  );
  await put("python3.11", NEW_ENOUGH);
  expect(await findPython({ PATH: folder, PYTHON: named })).toBe(named);
});

test.each([
  ["none", null, "found no python3 and found no python"],
  ["an old one", 'echo "3 9"; echo venv', "python3 is Python 3.9 and found no python"],
  [
    "one without venv, as Debian's is",
    'echo "3 11"; exit 1',
    "python3 cannot make virtual environments and found no python",
  ],
  ["a program that is no Python", "exit 64", "found no python3 and found no python"],
])("%s is refused with what to install", async (_, script, problem) => {
  if (script !== null) await put("python3", script);
  await expect(findPython({ PATH: folder })).rejects.toThrow(
    `Cannot start the example: expected Python 3.11 or newer with venv, but ${problem}; ${MEND}`,
  );
});
