/** The five lines that another repository adds, as .github/README.md shows them. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openStreet, push, type Street } from "./rig/street.js";
import { conclusions, historyOf, logOf, newestRun } from "./rig/street-facts.js";
import { REPOSITORY, readWorkflowFile } from "./workflow-files.js";

const PATH = ".github/workflows/site.yml";
const RUN_MS = 180_000;

let street: Street;
let callerLines: string[];
beforeAll(async () => {
  street = await openStreet();
  const readme = await readFile(join(REPOSITORY, ".github/README.md"), "utf8");
  callerLines = (/```yaml\n([\s\S]*?)```/.exec(readme)?.[1] ?? "").trimEnd().split("\n");
}, RUN_MS);
afterAll(async () => {
  await street?.dispose();
});

/** A repository that publishes a page its own way, and calls our workflow as the README says. */
const caller = (edit = (lines: string) => lines): string => `name: site
on: workflow_dispatch
jobs:
  deploy:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v7
      - run: |
          mkdir public
          cp web/page.html public/index.html
          npx --yes @tideline/cli stamp --app site --environment production --dist public --write
          mkdir -p "${street.host.folder}"
          cp -R public "${street.host.folder}/site"
${edit(callerLines.join("\n"))
  .replace("OWNER/", "tideline/")
  .replace("COMMIT", "c".repeat(40))
  .replace("https://example.com/", `${street.host.url}/site/`)
  .replace("https://happy-otter-123.convex.site", street.server.siteUrl)}
`;

test("it is five lines", () => {
  expect(callerLines).toHaveLength(5);
});

test("another repository records what its address serves, with nothing but its identity", {
  timeout: RUN_MS,
}, async () => {
  // Nothing but our workflow is to run: the shop's own ones would deploy it.
  const commit = await push(street, "feat: a site [skip ci]", { [PATH]: caller() });
  await street.github.dispatch(PATH, "refs/heads/main");
  const { attempts } = newestRun(street.github, "site");
  expect(conclusions(attempts[0]), logOf(attempts[0])).toEqual({
    deploy: "success",
    "record / record": "success",
  });
  const steps = attempts[0]?.jobs.find(({ id }) => id === "record / record")?.steps ?? [];
  expect(steps.map(({ name }) => name.split("@")[0])).not.toContain("actions/checkout");
  expect(await historyOf(street, "site", "production")).toMatchObject([
    { gitCommit: commit, status: "live", recordedBy: "github:acme/shop" },
  ]);
});

test("a caller that forgets the permission is told so", { timeout: RUN_MS }, async () => {
  const forgetful = caller((lines) => lines.replace(/^ +permissions.*\n/m, ""));
  await push(street, "chore: forget [skip ci]", { [PATH]: forgetful });
  await expect(street.github.dispatch(PATH, "refs/heads/main")).rejects.toThrow(
    "asks for id-token: write",
  );
});

test("the version of the command line that it runs is this repository's", async () => {
  const { text } = await readWorkflowFile(".github/workflows/record-deployment.yml");
  const { version } = JSON.parse(
    await readFile(join(REPOSITORY, "packages/cli/package.json"), "utf8"),
  ) as { readonly version: string };
  expect(text).toContain(`default: "${version}"`);
});
