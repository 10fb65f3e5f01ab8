/**
 * A program named `docker` for a machine without an engine. It writes down every call. In place of
 * an image it builds the app as the Dockerfile does, and in place of a container it makes that
 * build the release of a site, which the test serves.
 */
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LocalRig, Variables } from "../local-rig.js";

const PROGRAM = `#!/usr/bin/env bash
set -euo pipefail
printf '%s\\n' "$*" >>"$SHIM/calls"
case "\${1:-} \${2:-}" in
  "info ") [ ! -e "$SHIM/no-engine" ] ;;
  "compose version") [ ! -e "$SHIM/no-compose" ] ;;
  "compose build")
    env | grep -E '^(SPOT_VERSION|GIT_SHA|SOURCE_DATE_EPOCH)=' | sort >"$SHIM/build-env"
    [ -e "$SHIM/ports" ] || exit 0
    while [ $# -gt 0 ]; do
      if [ "$1" = --build-arg ]; then export "\${2?}"; fi
      shift
    done
    TIDELINE_VERSION=$SPOT_VERSION GITHUB_SHA=$GIT_SHA VITE_CONVEX_URL=$(sed -n 1p "$SHIM/ports") \\
      TIDELINE_ENVIRONMENT=local node scripts/run.mjs build web --out "$SHIM/release"
    ;;
  "compose up")
    cp .tideline/ledger.env "$SHIM/ledger.env"
    [ -e "$SHIM/ports" ] || exit 0
    node --conditions=convex --import tsx --input-type=module -e '
      const { takeRelease } = await import(process.cwd() + "/scripts/take-release.ts");
      await takeRelease(process.env.SHIM + "/site", process.env.SHIM + "/release");
    '
    ;;
  "compose port")
    if [ "$3" = ledger ]; then sed -n 1p "$SHIM/ports"; else sed -n 2p "$SHIM/ports"; fi |
      sed 's,http://127.0.0.1,0.0.0.0,'
    ;;
  *) exit 64 ;;
esac
`;

/** The program's folder and what it wrote. */
export class DockerShim {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async create(): Promise<DockerShim> {
    const shim = new DockerShim(await mkdtemp(join(tmpdir(), "tideline-docker-")));
    await mkdir(join(shim.folder, "bin"));
    await writeFile(join(shim.folder, "bin/docker"), PROGRAM);
    await chmod(join(shim.folder, "bin/docker"), 0o755);
    return shim;
  }

  /** What has to be set for a script to find the program. */
  get variables(): Variables {
    return { SHIM: this.folder, PATH: `${join(this.folder, "bin")}:${process.env.PATH}` };
  }

  /** The folder of the site that stands for web's container. */
  get site(): string {
    return join(this.folder, "site");
  }

  /** Makes `docker info` or `docker compose` fail, or work again. */
  async lack(what: "engine" | "compose", isLacking: boolean): Promise<void> {
    const path = join(this.folder, `no-${what}`);
    await (isLacking ? writeFile(path, "") : rm(path, { force: true }));
  }

  /** From now on builds and containers are real, and these are their addresses. */
  async publish(ledgerUrl: string, webUrl: string): Promise<void> {
    await writeFile(join(this.folder, "ports"), `${ledgerUrl}\n${webUrl}\n`);
  }

  /** The calls since it was last asked, without those that look for an engine. */
  async calls(): Promise<string[]> {
    const path = join(this.folder, "calls");
    const text = await readFile(path, "utf8").catch(() => "");
    await rm(path, { force: true });
    return text.split("\n").filter((call) => !["", "info", "compose version"].includes(call));
  }

  async read(name: string): Promise<string> {
    return await readFile(join(this.folder, name), "utf8");
  }

  async dispose(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Runs a script of the copy with the shim in front of the real docker. */
export const runWithShim = (
  rig: LocalRig,
  shim: DockerShim,
  variables: Variables,
  script: string,
  ...args: readonly string[]
) => rig.runWith({ ...shim.variables, ...variables }, join(rig.folder, script), ...args);
