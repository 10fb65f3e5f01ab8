/** Real git repositories in temporary folders, untouched by the machine's own git settings. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Settings for a git that knows only its repository, with an author and a fixed first time. */
export const GIT_ENV = {
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_SYSTEM: "/dev/null",
  GIT_AUTHOR_NAME: "Ada",
  GIT_AUTHOR_EMAIL: "ada@example.com",
  GIT_COMMITTER_NAME: "Ada",
  GIT_COMMITTER_EMAIL: "ada@example.com",
  GIT_TERMINAL_PROMPT: "0",
} as const;

/** One repository. */
export class GitRig {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** An empty repository with the branch `main`; `bare` for one to push to. */
  static async create(options: { readonly bare?: boolean } = {}): Promise<GitRig> {
    const rig = new GitRig(await mkdtemp(join(tmpdir(), "tideline-git-")));
    await rig.git("init", "--quiet", "--initial-branch=main", ...(options.bare ? ["--bare"] : []));
    return rig;
  }

  /** A clone of a repository; arguments such as `--depth=1` need its `file://` address. */
  static async clone(from: GitRig, ...args: readonly string[]): Promise<GitRig> {
    const folder = await mkdtemp(join(tmpdir(), "tideline-git-"));
    const rig = new GitRig(folder);
    await rig.git("clone", "--quiet", ...args, `file://${from.folder}`, folder);
    return rig;
  }

  /** Runs git here and gives what it printed, trimmed. */
  async git(...args: readonly string[]): Promise<string> {
    const { stdout } = await run("git", args, {
      cwd: this.folder,
      env: { ...process.env, ...GIT_ENV },
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout.trim();
  }

  /** Writes files, by their path from the folder. */
  async write(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [path, text] of Object.entries(files)) {
      const file = join(this.folder, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
    }
  }

  /** Writes files and commits everything; gives the commit. */
  async commit(message: string, files: Readonly<Record<string, string>> = {}): Promise<string> {
    await this.write(files);
    await this.git("add", "--all");
    await this.git("commit", "--quiet", "--allow-empty", "--message", message);
    return await this.git("rev-parse", "HEAD");
  }

  /** Removes the folder. */
  async dispose(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
