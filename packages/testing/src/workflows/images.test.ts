/** The workflows with a service that is an image: real images in a real registry, without a daemon. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { LocalRegistry } from "../registry-rig/index.js";
import { type DockerOnBuildah, installDockerOnBuildah } from "./rig/docker-on-buildah.js";
import { openStreet, push, type Street } from "./rig/street.js";
import { conclusions, historyOf, logOf, newestRun, servedText } from "./rig/street-facts.js";

const RUN_MS = 240_000;

let docker: DockerOnBuildah;
let images: LocalRegistry;
let street: Street;
beforeAll(async () => {
  [docker, images] = await Promise.all([installDockerOnBuildah(), LocalRegistry.start()]);
  street = await openStreet({ images: images.host, programs: docker.folder });
}, RUN_MS);
afterAll(async () => {
  await street?.dispose();
  await images?.dispose();
  await docker?.dispose();
});

const builds = async () =>
  (await docker.calls()).filter((call) => call.startsWith("build ")).length;

test("an image is built once, deployed by its digest, and restored by a revert without a build", {
  timeout: 3 * RUN_MS,
}, async () => {
  const deploy = async (message: string, text: string) => {
    const commit = await push(street, message, { "worker/work.txt": text });
    const attempt = newestRun(street.github, "deploy-staging").attempts[0];
    expect(attempt?.conclusion, logOf(attempt)).toBe("success");
    const [row] = await historyOf(street, "worker", "staging");
    expect(row).toMatchObject({
      gitCommit: commit,
      status: "live",
      recordedBy: "github:acme/shop",
    });
    const image = `${images.host}/acme/worker@${row?.imageDigest}`;
    expect(await servedText(street, "staging/worker.html")).toBe(`<p>${image}</p>`);
    return { ...row, builds: await builds() };
  };
  const one = await deploy("feat: work", "One\n");
  const two = await deploy("feat: more work", "Two\n");
  const back = await deploy("revert: more work", "One\n");

  // What has no artifact is its inputs.
  expect(one.buildId).toBe(one.inputsId);
  expect([one.version, two.version, back.version]).toEqual(["1.0.0", "1.0.1", "1.0.0"]);
  expect([one.builds, two.builds, back.builds]).toEqual([1, 2, 2]);
  expect(two.imageDigest).not.toBe(one.imageDigest);
  expect(back).toMatchObject({ imageDigest: one.imageDigest, kind: "deploy" });
});

test("what was restored needs nothing more, and what is reused is recorded under its new version", {
  timeout: 3 * RUN_MS,
}, async () => {
  const planOf = () => newestRun(street.github, "deploy-staging").attempts[0];
  // 1.0.1 is the name of the image that was taken back.
  await push(street, "docs: say what it is", { "README.md": "# Shop\n" });
  expect(conclusions(planOf())).toMatchObject({
    plan: "success",
    bump: "skipped",
    service: "skipped",
  });

  const change = (text: string) =>
    push(street, `feat(web): ${text}`, {
      "web/page.html": `<!doctype html><title>web</title><p>${text}</p>\n`,
    });
  await change("Two");
  expect(conclusions(planOf())).toMatchObject({ bump: "skipped", "service / image": "skipped" });

  const before = await historyOf(street, "worker", "staging");
  const commit = await change("Three");
  const plan = planOf()?.jobs.find(({ id }) => id === "plan");
  expect(plan?.summary).toContain("| worker | 1.0.0 | 1.0.2 | reuse | its inputs are live");
  expect(conclusions(planOf()), logOf(planOf())).toMatchObject({
    bump: "success",
    "service / build": "success, skipped",
    "service / image": "skipped, success",
    "service / announce": "success, success",
    "service / deploy": "success, skipped",
    "service / record": "success, success",
  });
  const rows = await historyOf(street, "worker", "staging");
  expect(rows).toHaveLength(before.length + 1);
  expect(rows[0]).toMatchObject({
    ...{ version: "1.0.2", gitCommit: commit, kind: "redeploy", status: "live" },
    ...{ buildId: before[0]?.buildId, imageDigest: before[0]?.imageDigest },
  });
  expect(await builds()).toBe(2);
  const tags = await fetch(`http://${images.host}/v2/acme/worker/tags/list`);
  // The commits' tags are those of the two builds.
  expect(((await tags.json()) as { tags: string[] }).tags.sort()).toEqual([
    ...["1.0.0-worker", "1.0.1-worker", "1.0.2-worker", "latest-worker"],
    ...[expect.stringMatching(/^sha-/), expect.stringMatching(/^sha-/)],
  ]);

  await push(street, "docs: say more", { "README.md": "# The shop\n" });
  expect(conclusions(planOf())).toMatchObject({
    plan: "success",
    bump: "skipped",
    service: "skipped",
  });
});

test("a registry is logged in to with the run's own token, which no process list shows", async () => {
  const logins = (await docker.calls()).filter((call) => call.startsWith("login "));
  expect(logins[0]).toBe(`login ${images.host} --username ada --password-stdin`);
});
