/** That the runner does what GitHub's does, where a workflow could depend on it. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadParser } from "../official-parser/load-parser.js";
import { parsePairs } from "./command-files.js";
import { type Contexts, isTrue } from "./evaluate.js";
import { type RepositoryEvent, whyNotStarted } from "./event.js";
import { expandMatrix } from "./expand-matrix.js";
import { runScript } from "./run-script.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tideline-runner-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("outputs are lines and blocks, and what is neither is refused", () => {
  expect(parsePairs("a=1\nb=x=y\nc<<END\none\n\ntwo\nEND\nd=\n")).toEqual({
    a: "1",
    b: "x=y",
    c: "one\n\ntwo",
    d: "",
  });
  expect(() => parsePairs("just words\n")).toThrow('expected "name=value"');
  expect(() => parsePairs("c<<END\none\n")).toThrow('expected a line "END"');
});

test("a matrix is every combination, or what include lists, and never empty", () => {
  expect(expandMatrix(null)).toEqual([null]);
  expect(expandMatrix({ node: [20, 22], os: ["a", "b"] })).toHaveLength(4);
  expect(expandMatrix({ include: [{ service: "web" }] })).toEqual([{ service: "web" }]);
  expect(() => expandMatrix({ include: [] })).toThrow("does not contain any values");
});

test.each([
  ["bash", "a failed first command of a pipe ends a script whose workflow names bash", 1],
  [null, "and not one whose workflow names no shell", 0],
] as const)("with shell %s: %s", async (shell, _what, code) => {
  const file = join(folder, `${shell}.sh`);
  const env = { PATH: process.env.PATH ?? "" };
  expect(await runScript("false | true", { shell, cwd: folder, env, file })).toEqual({
    code,
    log: "",
  });
});

test.each([
  ["success", "success()", true],
  ["failure", "success()", false],
  ["failure", "failure()", true],
  ["failure", "!cancelled() && needs.plan.result == 'success'", true],
  ["failure", "always()", true],
] as const)("after a %s, %s is %s", (status, condition, expected) => {
  const contexts: Contexts = { values: { needs: { plan: { result: "success" } } }, status };
  expect(isTrue(condition, contexts)).toBe(expected);
});

describe("a push starts a workflow", () => {
  const push = {
    name: "push",
    ref: "refs/heads/main",
    sha: "a".repeat(40),
    message: "feat: more",
    changed: ["src/a.ts"],
    isByPerson: true,
  } satisfies RepositoryEvent;

  test.each([
    ["branches: [main]", {}, null],
    ["branches: [main]", { ref: "refs/heads/other" }, "leave out"],
    ["branches: [main]", { ref: "refs/tags/v1" }, "for branches"],
    ['tags: ["release/v*"]', { ref: "refs/tags/release/v1.2.3" }, null],
    ['tags: ["release/v*"]', { ref: "refs/tags/v1.2.3" }, "leave out"],
    ['tags: ["release/v*"]', {}, "for tags"],
    ['paths-ignore: ["**/version.json"]', { changed: ["a/version.json"] }, "only ignored"],
    ['paths-ignore: ["**/version.json"]', { changed: ["version.json", "b"] }, null],
    ["branches: [main]", { message: "chore: x\n\n[no ci]" }, "[no ci]"],
    ["branches: [main]", { message: "chore: x\n\n\nskip-checks: true" }, "skip-checks"],
    ["branches: [main]", { isByPerson: false }, "own token"],
  ])("with %s for %o: %s", async (filter, change, reason) => {
    const text = `on:\n  push:\n    ${filter}\njobs:\n  a:\n    runs-on: x\n    steps: [{run: a}]\n`;
    const parsed = await (await loadParser())("a.yml", text);
    if (!parsed.ok) throw new Error(parsed.errors.join("\n"));
    const said = whyNotStarted(parsed.workflow, { ...push, ...change });
    if (reason === null) expect(said).toBeNull();
    else expect(said).toContain(reason);
  });
});
