/**
 * The forms that a version may take where pages must not tell which commit they were built from.
 * In each of them the stamp holds no commit, branch or tag, and its times are whole days.
 */
import { createHash, createHmac } from "node:crypto";
import type { Env } from "./ci.js";
import type { GitState } from "./git.js";
import { runGit } from "./run-git.js";

/** How the version is made of the commit, or null for the plain one. */
export type VersionForm = "hmac" | "hash" | "date-count";

const FORMS = ["hmac", "hash", "date-count"] as const satisfies readonly VersionForm[];

// A secret that can be guessed is none: the commits to try it on are few.
const MIN_SECRET_LENGTH = 16;

/**
 * Gives the form that `TIDELINE_VERSION_FORM` asks for, or null. Whoever tells others of a build
 * asks this before it names a commit.
 *
 * @throws {RangeError} If there is no such form.
 */
export function versionForm(env: Env): VersionForm | null {
  const named = env.TIDELINE_VERSION_FORM?.trim() ?? "";
  if (named === "" || named === "commit") return null;
  const form = FORMS.find((known) => known === named);
  if (form !== undefined) return form;
  throw new RangeError(
    `Cannot use TIDELINE_VERSION_FORM: expected ${FORMS.map((known) => `"${known}"`).join(", ")} or "commit", got "${named.slice(0, 80)}"`,
  );
}

/** What the hidden label is made of. */
export interface HiddenLabelSources {
  /** The full SHA. */
  readonly commit: string;
  readonly git: GitState;
  readonly cwd: string;
  readonly env: Env;
}

/**
 * Gives a commit's name in a hidden form: 12 hex digits, or `2026.11.20-1234` from the commit's
 * day in UTC and the number of commits up to it. The same commit always gets the same name.
 *
 * @throws {RangeError} If `hmac` has no secret of 16 characters or more in `TIDELINE_VERSION_SECRET`.
 * @throws {Error} If the commits cannot be counted, in a shallow clone for example.
 */
export async function hiddenLabel(form: VersionForm, sources: HiddenLabelSources): Promise<string> {
  const { commit, env } = sources;
  switch (form) {
    case "hmac":
      return createHmac("sha256", readSecret(env)).update(commit).digest("hex").slice(0, 12);
    case "hash":
      return createHash("sha256").update(commit).digest("hex").slice(0, 12);
    case "date-count":
      return await dateAndCount(sources);
    default:
      return form satisfies never;
  }
}

/**
 * Refuses a version chosen by hand that gives away the commit which the form is to hide.
 *
 * @throws {RangeError} If it holds the first 7 digits of the SHA.
 */
export function checkHidden(label: string, source: string, commit: string | null): void {
  if (commit === null || !label.toLowerCase().includes(commit.slice(0, 7))) return;
  throw new RangeError(
    `Cannot hide the commit as TIDELINE_VERSION_FORM asks: expected a version that does not name it in ${source}, got "${label}"`,
  );
}

function readSecret(env: Env): string {
  const secret = env.TIDELINE_VERSION_SECRET?.trim() ?? "";
  if (secret.length >= MIN_SECRET_LENGTH) return secret;
  throw new RangeError(
    `Cannot name the version by HMAC: expected at least ${MIN_SECRET_LENGTH} characters in TIDELINE_VERSION_SECRET, got ${secret === "" ? "none" : secret.length}`,
  );
}

async function dateAndCount({ commit, git, cwd, env }: HiddenLabelSources): Promise<string> {
  if (git.kind === "none") {
    throw new Error(
      `Cannot name the version by date and count: expected a git repository to count in, got none (${git.warning})`,
    );
  }
  if (git.isShallow) {
    throw new Error(
      "Cannot name the version by date and count: expected the whole history, got a shallow clone whose count would be wrong; fetch it with git fetch --unshallow, or check out with fetch-depth: 0",
    );
  }
  const [count, time] = await Promise.all([
    runGit(cwd, env, ["rev-list", "--count", commit, "--"]),
    runGit(cwd, env, ["show", "--no-patch", "--no-show-signature", "--format=%ct", commit, "--"]),
  ]);
  if (!count.ok || !time.ok) {
    throw new Error(
      `Cannot name the version by date and count: expected commit ${commit} in the repository of "${cwd}", got none`,
    );
  }
  const day = new Date(Number(time.stdout.trim()) * 1000).toISOString().slice(0, 10);
  return `${day.replaceAll("-", ".")}-${count.stdout.trim()}`;
}
