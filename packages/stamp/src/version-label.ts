import { isPlaceholder, shortCommit } from "@tideline/version";
import type { Env } from "./ci.js";

// What a container tag, a Kubernetes label value and a file name can all carry, and SemVer's "+".
const LABEL = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,62}$/;

// SPOT_VERSION is the name that images of older set-ups are built with.
const VARIABLES = ["TIDELINE_VERSION", "VERSION", "SPOT_VERSION"] as const;

/** A version that a person chose, and the variable that it came from. */
export interface NamedVersion {
  readonly label: string;
  readonly source: string;
}

/**
 * Gives the version that an environment variable names: `TIDELINE_VERSION`, else `VERSION`, else
 * `SPOT_VERSION`; null if none does. A stand-in such as `unknown`, which a Dockerfile gives a build
 * argument that nobody passed, names nothing.
 *
 * @throws {RangeError} If it cannot be a label, see {@link parseVersionLabel}.
 */
export function readNamedVersion(env: Env): NamedVersion | null {
  for (const source of VARIABLES) {
    const text = env[source]?.trim() ?? "";
    // A template that nobody filled in is a mistake and is refused below; a stand-in is not.
    if (text === "" || (LABEL.test(text) && isPlaceholder(text))) continue;
    return { label: parseVersionLabel(text, source), source };
  }
  return null;
}

/**
 * Names a version label that a person chose.
 *
 * @throws {RangeError} If it is not 1 to 63 letters, digits, dots, underscores, plus signs and
 *   hyphens, beginning with a letter or a digit.
 */
export function parseVersionLabel(text: string, source: string): string {
  if (LABEL.test(text)) return text;
  throw new RangeError(
    `Cannot use ${source} as the version: expected 1 to 63 letters, digits and ".", "_", "+", "-", got "${text.slice(0, 80)}"`,
  );
}

/** Where a version label may come from; null where there is nothing. */
export interface LabelSources {
  readonly tag: string | null;
  readonly packageVersion: string | null;
  readonly commit: string | null;
  readonly isDirty: boolean;
  /** ms since epoch. */
  readonly now: number;
}

/**
 * Gives a build the name that people see: the tag (`v1.2.3` and `release/v1.2.3` are shown as
 * `1.2.3`), else the package's version, else the commit's first 12 digits with `-dirty` where no
 * commit holds the working tree, else the time, see {@link timeLabel}.
 */
export function versionLabel({ tag, packageVersion, commit, isDirty, now }: LabelSources): string {
  if (tag !== null) {
    return asLabel(tag.replace(/^(release\/)?v?(?=\d)/, "")) + (isDirty ? "-dirty" : "");
  }
  if (packageVersion !== null) return asLabel(packageVersion);
  if (commit !== null) return shortCommit(commit) + (isDirty ? "-dirty" : "");
  return timeLabel(now);
}

/** Gives a moment as `20261120-113000` in UTC: local time would run backwards when clocks change. */
export function timeLabel(now: number): string {
  const digits = new Date(now).toISOString().replace(/\D/g, "");
  return `${digits.slice(0, 8)}-${digits.slice(8, 14)}`;
}

/** A tag may be called `web/1.2.3`, which a label cannot. */
function asLabel(name: string): string {
  const label = name.replace(/[^A-Za-z0-9._+-]/g, "-").replace(/^[^A-Za-z0-9]+/, "");
  // Room for "-dirty".
  return label === "" ? "untitled" : label.slice(0, 57);
}
