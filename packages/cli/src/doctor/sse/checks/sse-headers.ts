import type { IncomingHttpHeaders } from "node:http";
import { type Check, checked, type Finding } from "../../check.js";
import { shown } from "../shown.js";
import type { Visit } from "../visit.js";
import { withStream } from "../with-stream.js";

/** The stream says what it is, that it may not be stored, and that it may not be gathered. */
export const sseHeaders: Check<Visit> = {
  name: "headers",
  promise: "All required SSE headers are present",
  look: (visit) =>
    withStream(visit, ({ headers }, { address: where }) => {
      const problems = [
        contentType(headers),
        cacheControl(headers),
        accelBuffering(headers),
        connection(headers),
      ];
      return checked(
        problems.flatMap((each): Finding[] => (each === null ? [] : [{ ...each, where }])),
      );
    }),
};

type Problem = Omit<Finding, "where"> | null;

function contentType({ "content-type": type }: IncomingHttpHeaders): Problem {
  if (/^text\/event-stream\s*(;|$)/i.test(type ?? "")) return null;
  return {
    level: "fail",
    problem: `${header("content-type", type)}: browsers refuse what is no text/event-stream`,
    fix: "Content-Type: text/event-stream; charset=utf-8",
  };
}

function cacheControl({ "cache-control": control }: IncomingHttpHeaders): Problem {
  if (/\bno-(cache|store)\b/i.test(control ?? "")) return null;
  return {
    level: "fail",
    problem: `${header("cache-control", control)}: a proxy may store the stream`,
    fix: "Cache-Control: no-cache",
  };
}

function accelBuffering(headers: IncomingHttpHeaders): Problem {
  const value = headers["x-accel-buffering"];
  if (value === "no") return null;
  // nginx takes every X-Accel header for itself and passes none on.
  if (value === undefined && isBehindProxy(headers)) return null;
  return {
    level: "fail",
    problem: `${header("x-accel-buffering", value)}: nginx gathers an answer before it passes it on`,
    fix: "X-Accel-Buffering: no",
  };
}

function isBehindProxy({ server = "", via }: IncomingHttpHeaders): boolean {
  return via !== undefined || /nginx|openresty|tengine|angie|cloudflare/i.test(String(server));
}

function connection({ connection: value }: IncomingHttpHeaders): Problem {
  if (!/\bclose\b/i.test(value ?? "")) return null;
  return {
    level: "warn",
    problem: '"connection: close" says that the connection does not stay',
    fix: 'Connection: keep-alive; in nginx proxy_http_version 1.1 and proxy_set_header Connection ""',
  };
}

function header(name: string, value: string | string[] | undefined): string {
  return value === undefined ? `there is no ${name}` : `"${shown(`${name}: ${value}`)}"`;
}
