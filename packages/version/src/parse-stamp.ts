import type { BuildId, BuildStamp } from "./build-stamp.js";

// What build scripts put in when they know nothing ("unknown", "dev"), then what templates look like:
// __X__ (our own BUILD_ID_PLACEHOLDER too), $X, ${X}, %X%, {{X}}, <X>.
const PLACEHOLDER = /^(label:)?(dev|un(known|defined)|null|0{7}|__\w+__|(\$[A-Z_{]|[%{<]).*)?$/i;

/**
 * Says whether a build id or version name is a stand-in rather than a name: empty, `"dev"`,
 * `"unknown"`, `"undefined"`, `"null"`, seven zeros (no commit), a template placeholder that
 * nothing replaced, or the label of one of those.
 */
export function isPlaceholder(name: string): boolean {
  return PLACEHOLDER.test(name.trim());
}

/**
 * Gives the build id that something has which knows only its version name (`"label:<version>"`),
 * such as a server-rendered page with `data-app-version`.
 *
 * @throws {TypeError} If the version is a placeholder.
 */
export function labelBuildId(version: string): BuildId {
  if (isPlaceholder(version)) {
    throw new TypeError(`Cannot derive a build id: expected a version name, got "${version}"`);
  }
  return `label:${version.trim()}` as BuildId;
}

/**
 * Names a build id that comes from outside.
 *
 * @throws {TypeError} If it is a placeholder, longer than 128 characters or has white space in it.
 */
export function parseBuildId(text: string): BuildId {
  if (!isBuildId(text)) {
    throw new TypeError(
      `Cannot parse build id: expected 1 to 128 characters without white space, got "${text.slice(0, 140)}"`,
    );
  }
  return text;
}

function isBuildId(text: string): text is BuildId {
  return !isPlaceholder(text) && text.length <= 128 && !/\s/.test(text);
}

/**
 * Reads a stamp out of JSON from outside: a page's meta tag, `version.json`, a constant.
 *
 * Tolerant on purpose, because a page must never fail over its own stamp: everything but the build
 * id (or, without one, the version) has a neutral value when it is missing.
 *
 * @param json The parsed JSON, or its text.
 * @returns The stamp, or null when it names no build: absent, unparsable, a placeholder, or a build
 *   id that `parseBuildId` refuses and that is not the label of the version.
 */
export function parseStamp(json: unknown): BuildStamp | null {
  const value = typeof json === "string" ? parseJson(json) : json;
  if (typeof value !== "object" || value === null) return null;
  const fields = value as Record<string, unknown>;
  const version = text(fields.version) ?? "unknown";
  const label = isPlaceholder(version) ? null : labelBuildId(version);
  const buildId = text(fields.buildId) ?? label;
  if (buildId === null || (buildId !== label && !isBuildId(buildId))) return null;
  return {
    appName: text(fields.appName) ?? "",
    environment: text(fields.environment),
    buildId: buildId as BuildId,
    version,
    gitCommit: text(fields.gitCommit),
    gitBranch: text(fields.gitBranch),
    gitDirty: fields.gitDirty === true,
    gitTag: text(fields.gitTag),
    buildNumber: number(fields.buildNumber) ?? 0,
    buildTime: number(fields.buildTime) ?? 0,
    commitTime: number(fields.commitTime),
  };
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    // Unparsable is the same as absent: the caller gets null.
    return null;
  }
}

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

function number(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
