/** A copy of this repository in a folder of its own, in which its scripts run as a person runs them. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { REPOSITORY } from "../../../scripts/build-app.js";
import type { LocalAddresses } from "../../../scripts/local-state.js";
import { GIT_ENV } from "./git-rig.js";

const COPIED = [
  ...["apps", "convex", "scripts", "package.json", "tsconfig.base.json", "vite.config.ts"],
  ...["build.sh", "deploy.sh", ".gitignore"],
];
/** The options of npm start for every port but the first. */
export const PORT_OPTIONS = [
  ...["--site-port", "--gateway-port"],
  ...["--web-port", "--admin-port", "--marketing-port"],
];

/** How a command ended, and all that it said. */
export interface Outcome {
  readonly code: number;
  readonly said: string;
}

/** Environment variables over those of the test; undefined takes one away. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** One copy. */
export class LocalRig {
  readonly folder: string;
  /** What the last npm start has said up to now. */
  welcome = "";
  #running: ChildProcess | null = null;
  #addresses: LocalAddresses | null = null;
  readonly #variables: Variables;

  private constructor(folder: string, variables: Variables) {
    this.folder = folder;
    this.#variables = variables;
  }

  /** A copy in which everything is committed, with the dependencies of this repository. */
  static async create(variables: Variables = {}): Promise<LocalRig> {
    const rig = new LocalRig(await mkdtemp(join(tmpdir(), "tideline start-")), variables);
    for (const name of COPIED) {
      await cp(join(REPOSITORY, name), join(rig.folder, name), {
        recursive: true,
        // What builds and editors left here is no part of a clone.
        filter: (path) => !/[\\/](node_modules|dist|\.tideline)$/.test(path),
      });
    }
    await rig.run("git", "init", "--quiet", "--initial-branch=main");
    await rig.#prepare();
    await rig.commit("one");
    return rig;
  }

  /** A fresh clone of the copy. */
  async clone(): Promise<LocalRig> {
    const rig = new LocalRig(await mkdtemp(join(tmpdir(), "tideline clone-")), this.#variables);
    await rig.run("git", "clone", "--quiet", `file://${this.folder}`, ".");
    await rig.#prepare();
    return rig;
  }

  /** The copy's last commit as a folder that is in no repository, as from an archive. */
  async export(): Promise<LocalRig> {
    const rig = await this.clone();
    await rm(join(rig.folder, ".git"), { recursive: true });
    return rig;
  }

  async #prepare(): Promise<void> {
    await symlink(join(REPOSITORY, "node_modules"), join(this.folder, "node_modules"));
    // The pattern "node_modules/" is for folders, and this one is a link.
    await writeFile(join(this.folder, ".git/info/exclude"), "node_modules\n");
  }

  /** Runs a command in the copy. */
  run(command: string, ...args: readonly string[]): Promise<Outcome> {
    return this.runWith({}, command, ...args);
  }

  /** Runs a command in the copy with more variables. */
  async runWith(
    variables: Variables,
    command: string,
    ...args: readonly string[]
  ): Promise<Outcome> {
    const env = { ...process.env, ...GIT_ENV, ...this.#variables, ...variables };
    return await new Promise((resolve) => {
      execFile(command, args, { cwd: this.folder, env }, (error, stdout, stderr) => {
        const code = typeof error?.code === "number" ? error.code : error === null ? 0 : 1;
        resolve({ code, said: `${stdout}${stderr}` });
      });
    });
  }

  /** Runs one of the scripts, as npm does. */
  script(name: string, ...args: readonly string[]): Promise<Outcome> {
    return this.run(process.execPath, "scripts/run.mjs", name, ...args);
  }

  /** Commits everything; gives the commit. */
  async commit(subject: string): Promise<string> {
    await this.run("git", "add", "--all");
    const { code, said } = await this.run(
      "git",
      "commit",
      "--quiet",
      "--allow-empty",
      "-m",
      subject,
    );
    if (code !== 0) throw new Error(said);
    return await this.head();
  }

  async head(): Promise<string> {
    return (await this.run("git", "rev-parse", "HEAD")).said.trim();
  }

  /** Replaces a text that a file holds. */
  async rename(from: string, to: string, file = "apps/web/src/header.tsx"): Promise<void> {
    const path = join(this.folder, file);
    const text = await readFile(path, "utf8");
    if (!text.includes(from)) throw new Error(`"${from}" is not in "${path}"`);
    await writeFile(path, text.replace(from, to));
  }

  /** Starts npm start, unless it runs. */
  async start(port = "0"): Promise<void> {
    if (this.#running !== null) return;
    const ports = ["--port", port, ...PORT_OPTIONS.flatMap((option) => [option, "0"])];
    const child = spawn(process.execPath, ["scripts/run.mjs", "start", ...ports], {
      cwd: this.folder,
    });
    this.#running = child;
    this.welcome = "";
    await new Promise<void>((resolve, reject) => {
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding("utf8").on("data", (text: string) => {
          this.welcome += text;
          if (this.welcome.includes("Ctrl-C stops it")) resolve();
        });
      }
      child.once("exit", () => reject(new Error(`npm start ended: ${this.welcome}`)));
    });
    this.#addresses = JSON.parse(await readFile(join(this.folder, ".tideline/local.json"), "utf8"));
  }

  /** Where npm start is to be found. */
  get addresses(): LocalAddresses {
    if (this.#addresses === null) throw new Error("npm start was not started");
    return this.#addresses;
  }

  /** Stops npm start; gives its exit code, null if it does not run. */
  async stop(): Promise<number | null> {
    const child = this.#running;
    this.#running = null;
    if (child === null || child.exitCode !== null) return null;
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    return await ended;
  }

  /** The numbers of an app's releases, in the order of their names. */
  async releases(app: string): Promise<string[]> {
    return (await readdir(join(this.folder, ".tideline/sites", app, "releases"))).sort();
  }

  async dispose(): Promise<void> {
    await this.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}
