/**
 * The real workflow files from a push to what ledger and public address say afterwards: every `run`
 * block in a real bash, npm installing the built command line, tokens that are signed and verified.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadParser } from "./official-parser/load-parser.js";
import { GitHubRig } from "./rig/github-rig.js";
import { openStreet, push, type Street } from "./rig/street.js";
import { conclusions, historyOf, logOf, newestRun, servedText } from "./rig/street-facts.js";
import { type RepositoryEvent, whyNotStarted } from "./runner/event.js";

const STAGING = ".github/workflows/deploy-staging.yml";
// A run installs the command line in eight jobs and looks at two addresses for seconds.
const RUN_MS = 180_000;

let street: Street;
/** The repository's first commit, which the next tests build on. */
let first: string;
beforeAll(async () => {
  street = await openStreet();
  first = await push(street, "feat: a shop");
}, RUN_MS);
afterAll(async () => {
  await street?.dispose();
});

const attemptOf = (name: string) => newestRun(street.github, name).attempts.at(-1);

test("a push builds, deploys and records what is not live, without any secret", async () => {
  expect(conclusions(attemptOf("deploy-staging")), logOf(attemptOf("deploy-staging"))).toEqual({
    "not-configured": "skipped",
    plan: "success",
    bump: "skipped",
    "service / build": "success, success",
    "service / image": "skipped, skipped",
    "service / announce": "success, success",
    "service / deploy": "success, success",
    "service / record": "success, success",
  });
  const { id } = newestRun(street.github, "deploy-staging");
  for (const service of ["web", "api"]) {
    expect(await servedText(street, `staging/${service}/`)).toBe("<p>One</p>");
    expect(await historyOf(street, service, "staging")).toMatchObject([
      {
        version: "1.0.0",
        gitCommit: first,
        kind: "deploy",
        status: "live",
        recordedBy: "github:acme/shop",
        runUrl: expect.stringContaining(`/acme/shop/actions/runs/${id}`),
        inputsId: expect.stringMatching(/^[0-9a-f]{16}$/),
      },
    ]);
  }
  // An announcement and a record for each service, and the announcement that the record repeats.
  expect(street.issuer.issued()).toBeGreaterThanOrEqual(4);
});

test("the plan is in the run's summary", () => {
  const plan = attemptOf("deploy-staging")?.jobs.find(({ id }) => id === "plan");
  expect(plan?.summary).toContain("| web | - | 1.0.0 | build | nothing is recorded in staging yet");
});

test("what a failed run did not deploy is in the next run, whatever that changes", {
  timeout: 2 * RUN_MS,
}, async () => {
  await street.host.setDown("api", true);
  await push(street, "fix(api): two", { "api/page.html": page("api", "Two") });
  expect(conclusions(attemptOf("deploy-staging"))).toEqual({
    "not-configured": "skipped",
    plan: "success",
    bump: "skipped",
    "service / build": "success",
    "service / image": "skipped",
    "service / announce": "success",
    "service / deploy": "failure",
    "service / record": "skipped",
  });
  expect(attemptOf("deploy-staging")).toMatchObject({ conclusion: "failure" });
  expect(await historyOf(street, "api", "staging")).toHaveLength(1);

  await street.host.setDown("api", false);
  const commit = await push(street, "feat(web): two", { "web/page.html": page("web", "Two") });
  expect(attemptOf("deploy-staging"), logOf(attemptOf("deploy-staging"))).toMatchObject({
    conclusion: "success",
  });
  for (const service of ["web", "api"]) {
    expect(await servedText(street, `staging/${service}/`)).toBe("<p>Two</p>");
    const [row] = await historyOf(street, service, "staging");
    expect(row).toMatchObject({ gitCommit: commit, version: "1.0.1", status: "live" });
  }
});

test("a bump is on the branch with its tag, and its push starts nothing for three reasons", async () => {
  const { bare, notRun } = street.github;
  const tagged = await bare.git("rev-parse", "v1.0.1");
  expect(await bare.git("rev-parse", "main")).toBe(tagged);
  expect(JSON.parse(await bare.git("show", "main:assets/version.json"))).toMatchObject({
    version: "1.0.1",
  });
  const bump = notRun.find(({ path, event }) => path === STAGING && event.sha === tagged);
  expect(bump?.reason).toBe("a push with a workflow's own token starts nothing");

  const parsed = await (await loadParser())(STAGING, await bare.git("show", `main:${STAGING}`));
  if (!parsed.ok) throw new Error(parsed.errors.join("\n"));
  const event = bump?.event as Extract<RepositoryEvent, { name: "push" }>;
  const byPerson = { ...event, isByPerson: true };
  expect(whyNotStarted(parsed.workflow, byPerson)).toBe("the newest commit says [skip ci]");
  const unmarked = { ...byPerson, message: "chore: version 1.0.1" };
  expect(whyNotStarted(parsed.workflow, unmarked)).toBe("only ignored paths changed");
  const more = { ...unmarked, changed: [...unmarked.changed, "web/page.html"] };
  expect(whyNotStarted(parsed.workflow, more)).toBeNull();
});

test("an old run that is run again is refused before it turns anything back", {
  timeout: RUN_MS,
}, async () => {
  const before = await Promise.all(["web", "api"].map((app) => liveOf(app)));
  const branch = await street.github.bare.git("rev-parse", "main");
  const old = street.github.runs.find(({ event }) => event.sha === first);
  if (old === undefined) throw new Error("Cannot find the first run");
  const attempt = await street.github.runAgain(old);
  expect(conclusions(attempt)).toMatchObject({
    bump: "skipped",
    "service / announce": "failure, failure",
    "service / deploy": "skipped, skipped",
    "service / record": "skipped, skipped",
  });
  const refusals = attempt.jobs
    .filter(({ id }) => id === "service / announce")
    .flatMap(({ steps }) => steps.filter(({ name }) => name === "Announce"));
  expect(refusals.map(({ exitCode }) => exitCode)).toEqual([3, 3]);
  for (const { log } of refusals) expect(log).toContain("was live before");
  expect(await Promise.all(["web", "api"].map((app) => liveOf(app)))).toEqual(before);
  expect(await servedText(street, "staging/web/")).toBe("<p>Two</p>");
  expect(await street.github.bare.git("rev-parse", "main")).toBe(branch);
});

test("a push that changes no service deploys nothing", { timeout: RUN_MS }, async () => {
  const before = street.issuer.issued();
  await push(street, "docs: say what it is", { "README.md": "# Shop\n" });
  expect(conclusions(attemptOf("deploy-staging"))).toEqual({
    "not-configured": "skipped",
    plan: "success",
    bump: "skipped",
    service: "skipped",
  });
  expect(street.issuer.issued()).toBe(before);
});

test("a release is tagged by one workflow and deployed at its tag by the other", {
  timeout: 2 * RUN_MS,
}, async () => {
  await street.github.dispatch(".github/workflows/release.yml", "refs/heads/main");
  expect(attemptOf("release"), logOf(attemptOf("release"))).toMatchObject({
    conclusion: "success",
  });
  const { event } = newestRun(street.github, "deploy-production");
  expect(event).toMatchObject({ name: "workflow_dispatch", ref: "refs/tags/release/v1.0.1" });
  expect(attemptOf("deploy-production"), logOf(attemptOf("deploy-production"))).toMatchObject({
    conclusion: "success",
  });
  for (const service of ["web", "api"]) {
    expect(await servedText(street, `production/${service}/`)).toBe("<p>Two</p>");
    expect(await historyOf(street, service, "production")).toMatchObject([
      { version: "1.0.1", gitTag: "release/v1.0.1", gitCommit: event.sha, status: "live" },
    ]);
  }
});

test("started by hand on a branch, production starts itself again at the tag", {
  timeout: RUN_MS,
}, async () => {
  const production = ".github/workflows/deploy-production.yml";
  await street.github.dispatch(production, "refs/heads/main", { tag: "release/v1.0.1" });
  const [hand, again] = street.github.runs.slice(-2);
  expect(hand?.event.ref).toBe("refs/heads/main");
  expect(conclusions(hand?.attempts[0])).toEqual({
    "not-configured": "skipped",
    "start-at-tag": "success",
    plan: "skipped",
    service: "skipped",
  });
  expect(again?.event.ref).toBe("refs/tags/release/v1.0.1");
  expect(conclusions(again?.attempts[0])).toMatchObject({ plan: "success", service: "skipped" });

  await street.github.dispatch(production, "refs/heads/main", { tag: "main; rm -rf /" });
  const refused = newestRun(street.github, "deploy-production").attempts[0];
  expect(refused?.conclusion).toBe("failure");
  expect(logOf(refused)).toContain('expected a tag such as release/v1.2.3, got "main; rm -rf /"');
});

test("an older release keeps its version, and nothing is bumped for it", {
  timeout: 5 * RUN_MS,
}, async () => {
  const { bare } = street.github;
  const production = () => newestRun(street.github, "deploy-production");
  await push(street, "feat(web): three", { "web/page.html": page("web", "Three") });
  await push(street, "feat(web): four", { "web/page.html": page("web", "Four") });
  await street.github.dispatch(".github/workflows/release.yml", "refs/heads/main");
  expect(await historyOf(street, "web", "production")).toMatchObject([
    { version: "1.0.3", status: "live" },
    { version: "1.0.1" },
  ]);
  const branch = await bare.git("rev-parse", "main");
  await street.github.dispatch(".github/workflows/release.yml", "refs/heads/main", {
    at: "v1.0.2",
  });
  expect(production().event.ref).toBe("refs/tags/release/v1.0.2");
  expect(production().attempts[0], logOf(production().attempts[0])).toMatchObject({
    conclusion: "success",
  });
  expect((await historyOf(street, "web", "production"))[0]).toMatchObject({
    ...{ version: "1.0.2", gitTag: "release/v1.0.2", status: "live" },
  });
  expect(await servedText(street, "production/web/")).toBe("<p>Three</p>");
  expect(await bare.git("rev-parse", "main")).toBe(branch);
});

test("a repository without the variables skips all of it and says so", {
  timeout: RUN_MS,
}, async () => {
  const fork = await GitHubRig.create({
    repository: "ada/shop",
    issuer: street.issuer,
    vars: {},
    env: street.env,
  });
  try {
    await street.clone.git("push", "--quiet", `file://${fork.bare.folder}`, "HEAD:main");
    await fork.settle();
    const attempt = newestRun(fork, "deploy-staging").attempts[0];
    expect(attempt?.conclusion).toBe("success");
    expect(conclusions(attempt)).toEqual({
      "not-configured": "success",
      plan: "skipped",
      bump: "skipped",
      service: "skipped",
    });
    expect(logOf(attempt)).toContain("STAGING_CONVEX_URL is not set");
  } finally {
    await fork.dispose();
  }
});

async function liveOf(appName: string) {
  const rows = await historyOf(street, appName, "staging");
  return rows.filter(({ status }) => status !== "refused");
}

function page(title: string, text: string): string {
  return `<!doctype html><title>${title}</title><p>${text}</p>\n`;
}
