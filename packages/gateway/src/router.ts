/**
 * Decides what a request gets, without knowing how it came: an answer, or the place among the
 * streams of a topic. Owns the routes, the methods and who is refused.
 */
import { type Answer, jsonAnswer, refuse, textAnswer } from "./answer.js";
import { crossOriginHeaders, preflightAnswer } from "./cross-origin.js";
import { matchesEtag } from "./matches-etag.js";
import type { PageScript } from "./page-script.js";
import { readQuestion } from "./read-question.js";
import type { Target } from "./target.js";
import type { Topic } from "./topic.js";
import type { Topics } from "./topics.js";
import type { PreparedMessage } from "./version-message.js";

/** A request as far as it matters here. */
export interface Request {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  /** Gives a header by its name in lower case. */
  readonly header: (name: string) => string | null | undefined;
}

/** What a request gets. */
export type Outcome =
  | { readonly kind: "answer"; readonly answer: Answer }
  | {
      readonly kind: "stream";
      /** Finds its place; to be called when the client is there to take it in the same turn. */
      readonly join: () => Topic;
      readonly headers: Answer["headers"];
    }
  /** Not one of the gateway's paths. */
  | { readonly kind: "elsewhere"; readonly answer: Answer };

/** What the router needs. */
export interface RouterOptions {
  readonly topics: Topics;
  readonly targets: readonly Target[];
  readonly allowedOrigins: readonly string[];
  readonly basePath: string;
  readonly script: PageScript;
  /** How many streams are open, and how many may be. */
  readonly clients: () => number;
  readonly maxConnections: number;
  readonly isDraining: () => boolean;
  readonly metrics: () => string;
  readonly onRefused: () => void;
  readonly onResumed: () => void;
  readonly random: () => number;
}

const METHODS = "GET, HEAD, OPTIONS";
const PATHS = ["/version", "/events/version", "/healthz", "/metrics", "/tideline.js"] as const;
type Path = (typeof PATHS)[number];

const STREAM_HEADERS = {
  "Content-Type": "text/event-stream; charset=utf-8",
  "Cache-Control": "no-cache",
  // nginx keeps what it is told in a buffer otherwise.
  "X-Accel-Buffering": "no",
  Connection: "keep-alive",
};

/** Gives the function that decides. It answers at once wherever it need not wait for the ledger. */
export function createRouter(
  options: RouterOptions,
): (request: Request) => Outcome | Promise<Outcome> {
  const { topics, allowedOrigins, basePath, script } = options;

  const answerPath = (path: Path, request: Request, query: string): Outcome | Promise<Outcome> => {
    switch (path) {
      case "/events/version":
        return openStream(request, query);
      case "/version":
        return answerVersion(request, query);
      case "/healthz":
        return done(answerHealth());
      case "/metrics":
        return done(textAnswer(200, "text/plain; version=0.0.4", options.metrics()));
      case "/tideline.js":
        return script.answer(request.header).then(done);
      default:
        return path satisfies never;
    }
  };

  const openStream = (request: Request, query: string): Outcome => {
    const read = readQuestion(new URLSearchParams(query), options.targets);
    if ("refusal" in read) return done(read.refusal);
    const refusal = isFull();
    if (refusal !== null) {
      options.onRefused();
      return done(refusal);
    }
    const { target, buildId } = read.question;
    // What a client has heard does not matter: it is told what is so now, with its id, and takes
    // the same message twice for what it is. So an absurd id harms nobody either.
    if (request.header("last-event-id")) options.onResumed();
    const join = () => topics.join(target, buildId) as Topic;
    return { kind: "stream", join, headers: STREAM_HEADERS };
  };

  const isFull = (): Answer | null => {
    if (options.isDraining()) {
      // The next attempt is to reach another gateway, over another connection.
      const headers = { "Retry-After": "1", Connection: "close" };
      return refuse("DRAINING", "Cannot open a stream: this gateway is about to end", headers);
    }
    if (options.clients() < options.maxConnections) return null;
    // Not all at the same moment again.
    const retryAfter = `${5 + Math.floor(options.random() * 11)}`;
    return refuse(
      "TOO_MANY_CONNECTIONS",
      `Cannot open a stream: all ${options.maxConnections} are taken; ask /version meanwhile`,
      // Nor does the connection of a refused one take a place until it is closed for idleness.
      { "Retry-After": retryAfter, Connection: "close" },
    );
  };

  const answerVersion = (request: Request, query: string): Outcome | Promise<Outcome> => {
    const read = readQuestion(new URLSearchParams(query), options.targets);
    if ("refusal" in read) return done(read.refusal);
    const { target, buildId } = read.question;
    const answer = (prepared: PreparedMessage | null) =>
      done(versionAnswer(prepared, request.header("if-none-match")));
    const asked = topics.ask(target, buildId);
    return asked instanceof Promise ? asked.then(answer) : answer(asked);
  };

  const answerHealth = (): Answer => {
    const status = options.isDraining() ? "draining" : "ok";
    const health = { status, stale: topics.isStale, clients: options.clients() };
    return jsonAnswer(status === "ok" ? 200 : 503, health, { "Cache-Control": "no-store" });
  };

  return (request) => {
    const [path = "", query = ""] = splitOnce(request.url, "?");
    const inside = path.startsWith(basePath) ? path.slice(basePath.length) : "";
    const known = PATHS.find((each) => each === inside);
    const finish = (outcome: Outcome) =>
      withHeaders(outcome, crossOriginHeaders(allowedOrigins, request.header("origin")));
    if (known === undefined) {
      const message = `Cannot find this path: expected one of ${PATHS.join(", ")}`;
      return finish({ kind: "elsewhere", answer: refuse("NOT_FOUND", message) });
    }
    if (request.method === "OPTIONS") return finish(done(preflightAnswer(METHODS)));
    if (request.method !== "GET" && request.method !== "HEAD") {
      const message = `Cannot ${request.method} ${known}: expected GET or HEAD`;
      return finish(done(refuse("METHOD_NOT_ALLOWED", message, { Allow: METHODS })));
    }
    const outcome = answerPath(known, request, query);
    return outcome instanceof Promise ? outcome.then(finish) : finish(outcome);
  };
}

function versionAnswer(
  prepared: PreparedMessage | null,
  ifNoneMatch: string | null | undefined,
): Answer {
  if (prepared === null || prepared.message.latest === undefined) {
    return refuse("UNAVAILABLE", "Cannot tell the version: the ledger has not answered yet", {
      "Retry-After": "5",
    });
  }
  const { etag, body } = prepared;
  if (!matchesEtag(ifNoneMatch, etag)) {
    return textAnswer(200, "application/json", body, { ETag: etag });
  }
  return { status: 304, headers: { ETag: etag, "Cache-Control": "no-cache" }, body: "" };
}

function done(answer: Answer): Outcome {
  return { kind: "answer", answer };
}

function withHeaders(outcome: Outcome, more: Answer["headers"]): Outcome {
  if (outcome.kind === "stream") {
    return { ...outcome, headers: merge(outcome.headers, more) };
  }
  const { answer } = outcome;
  return { ...outcome, answer: { ...answer, headers: merge(answer.headers, more) } };
}

function merge(headers: Answer["headers"], more: Answer["headers"]): Answer["headers"] {
  const vary = [headers.Vary, more.Vary].filter(Boolean).join(", ");
  return { ...headers, ...more, ...(vary !== "" && { Vary: vary }) };
}

function splitOnce(text: string, separator: string): readonly [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}
