/** Two pushes before the first one's run: its bump lands on top of a commit that it is not part of. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { openStreet, push, type Street } from "./rig/street.js";
import { conclusions, historyOf, logOf, newestRun } from "./rig/street-facts.js";

const RUN_MS = 180_000;

let street: Street;
beforeAll(async () => {
  street = await openStreet();
  await push(street, "feat: a shop");
  const { clone, github } = street;
  for (const text of ["Two", "Three"]) {
    const html = `<!doctype html><title>web</title><p>${text}</p>\n`;
    await clone.commit(`feat(web): ${text}`, { "web/page.html": html });
    await clone.git("push", "--quiet", "origin", "HEAD:main");
  }
  await github.settle();
}, 3 * RUN_MS);
afterAll(async () => {
  await street?.dispose();
});

test("both are deployed, each by its own run", async () => {
  const attempt = newestRun(street.github, "deploy-staging").attempts[0];
  expect(conclusions(attempt), logOf(attempt)).toMatchObject({ "service / record": "success" });
  expect(await historyOf(street, "web", "staging")).toHaveLength(3);
});

test("each gets a version of its own", async () => {
  const rows = await historyOf(street, "web", "staging");
  expect(rows.map(({ version }) => version)).toEqual(["1.0.2", "1.0.1", "1.0.0"]);
  expect(await street.github.bare.git("tag", "--list", "v*")).toBe("v1.0.1\nv1.0.2");
});
