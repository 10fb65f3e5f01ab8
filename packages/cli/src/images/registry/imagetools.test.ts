/**
 * The way without skopeo. `docker` here is a script that does by skopeo what the documentation of
 * `docker buildx imagetools` promises, on a real registry: it shows what we ask of docker, not docker.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { findImageTools, readDigest, ShopRig } from "@tideline/testing/registry-rig";
import { afterAll, beforeAll, expect, it } from "vitest";

let rig: ShopRig;
let folder: string;
let built: { source: string; digest: string };
beforeAll(async () => {
  rig = await ShopRig.create();
  const source = await rig.buildApi();
  built = { source, digest: await readDigest(source) };
  folder = await mkdtemp(join(tmpdir(), "tideline-docker-"));
  const { skopeo } = await findImageTools();
  const script = `#!/bin/bash
# What "docker buildx imagetools" documents, by skopeo.
case "$1 $2 $3 $4" in
  "buildx version  ") echo "github.com/docker/buildx v0.30.0" ;;
  "buildx imagetools inspect --raw")
    ${skopeo} inspect --raw --tls-verify=false "docker://$5" 2>/dev/null \\
      || { echo "ERROR: $5: not found" >&2; exit 1; } ;;
  "buildx imagetools inspect --format")
    ${skopeo} inspect --config --tls-verify=false "docker://$6" ;;
  "buildx imagetools create --prefer-index=false")
    ${skopeo} copy --quiet --all --preserve-digests --src-tls-verify=false --dest-tls-verify=false \\
      "docker://$7" "docker://$6" ;;
  *) echo "ERROR: no such command: $*" >&2; exit 1 ;;
esac
`;
  await writeFile(join(folder, "docker"), script, { mode: 0o755 });
  const { stdout } = await promisify(execFile)("/bin/sh", ["-c", "command -v git"]);
  await symlink(stdout.trim(), join(folder, "git"));
  rig.env.PATH = folder;
}, 120_000);
afterAll(async () => {
  await rig?.dispose();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

/** Puts an image where docker can read it. */
async function stage(source: string, tag: string): Promise<string> {
  const { skopeo } = await findImageTools();
  const image = `docker://${rig.registry.host}/staging/api:${tag}`;
  await promisify(execFile)(skopeo, ["copy", "--quiet", "--dest-tls-verify=false", source, image]);
  return image;
}

it("copies by digest from registry to registry, and a second time nothing", async () => {
  const staged = await stage(built.source, "one");
  const push = ["images", "push", "api", "--version", "1.0.0", "--source", staged];
  const run = await rig.tideline(...push);
  expect(run.code, run.stderr).toBe(0);
  expect(run.stdout).toBe(`${rig.registry.host}/acme/api@${built.digest}\n`);
  for (const tag of ["1.0.0-api", "latest-api"]) {
    expect(await readDigest(rig.api(`:${tag}`))).toBe(built.digest);
  }
  const before = (await rig.registry.writes()).length;
  expect((await rig.tideline(...push)).code).toBe(0);
  expect((await rig.registry.writes()).length).toBe(before);
});

it("leaves latest where it is, since it cannot see which versions there are, unless forced", async () => {
  await rig.git.commit("Another image", { "services/api/server.txt": "two" });
  const source = await rig.buildApi();
  const digest = await readDigest(source);
  const staged = await stage(source, "two");
  const push = ["images", "push", "api", "--version", "1.0.1", "--source", staged];
  const run = await rig.tideline(...push);
  expect(run.code, run.stderr).toBe(0);
  expect(run.stderr).toContain("latest-api: stays: nobody knows which version it points at");
  expect(await readDigest(rig.api(":1.0.1-api"))).toBe(digest);
  expect(await readDigest(rig.api(":latest-api"))).toBe(built.digest);
  expect((await rig.tideline(...push, "--force-latest")).code).toBe(0);
  expect(await readDigest(rig.api(":latest-api"))).toBe(digest);
});

it("says that an archive takes skopeo", async () => {
  const run = await rig.tideline("images", "push", "api", "--source", built.source);
  expect(run.code).toBe(2);
  expect(run.stderr).toContain("skopeo reads the others");
});
