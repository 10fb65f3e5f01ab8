import { isPlaceholder, labelBuildId, parseBuildId } from "@tideline/version";
import { type Answer, refuse } from "./answer.js";
import type { Target } from "./target.js";

/** What a client asks about. */
export interface Question {
  readonly target: Target;
  /** Null if the client has no build to speak of. */
  readonly buildId: string | null;
}

const LABEL = "label:";
// As the ledger takes them.
const MAX_NAME = 128;

/**
 * Reads `appName`, `environment` and `buildId` (or `version`, the label of a page that knows nothing
 * else) from a query. Parameters of other names are left alone.
 *
 * @param targets What may be asked about. The only one needs no name.
 * @returns The question, or the refusal to be sent.
 */
export function readQuestion(
  query: URLSearchParams,
  targets: readonly Target[],
): { readonly question: Question } | { readonly refusal: Answer } {
  const only = targets.length === 1 ? targets[0] : undefined;
  const appName = query.get("appName") || only?.appName;
  const environment = query.get("environment") || only?.environment;
  if (appName === undefined || environment === undefined) {
    return invalid("Cannot choose a target: expected appName and environment in the query");
  }
  const target = targets.find(
    (each) => each.appName === appName && each.environment === environment,
  );
  if (target === undefined) {
    const name = `${shorten(appName)}/${shorten(environment)}`;
    return {
      refusal: refuse("UNKNOWN_TARGET", `Cannot serve "${name}": it is none of the targets`),
    };
  }
  try {
    return { question: { target, buildId: readBuildId(query) } };
  } catch (error) {
    return invalid((error as Error).message);
  }
}

function readBuildId(query: URLSearchParams): string | null {
  const buildId = query.get("buildId") ?? "";
  const label = buildId.startsWith(LABEL) ? buildId.slice(LABEL.length) : query.get("version");
  const isLabel = buildId === "" || buildId.startsWith(LABEL);
  const name = isLabel ? (label ?? "") : buildId;
  // Before anything else looks at it: the search for placeholders is slow on long texts.
  if (name.length > MAX_NAME || /\p{Cc}/u.test(name)) {
    throw new RangeError(
      `Cannot read ${isLabel ? "version" : "buildId"}: expected 1 to ${MAX_NAME} printable characters, got "${shorten(name)}"`,
    );
  }
  // A page that was built as nothing has nothing to be told of its build; but an event stream that
  // is refused would be tried again and again.
  if (isPlaceholder(name)) return null;
  return isLabel ? labelBuildId(name) : parseBuildId(name);
}

function invalid(message: string): { readonly refusal: Answer } {
  return { refusal: refuse("INVALID_ARGUMENT", message) };
}

function shorten(text: string): string {
  return text.length > 64 ? `${text.slice(0, 64)}…` : text;
}
