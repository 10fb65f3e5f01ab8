import { isMap, isScalar, isSeq, LineCounter, parseDocument, type YAMLMap } from "yaml";
import type { BrokenWorkflow, Concurrency, Job, Settings, Step, Workflow } from "./workflow.js";

/** Reads the text of a workflow, or of a composite action, or says why it is none. */
export function readWorkflow(path: string, text: string): Workflow | BrokenWorkflow {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line } = lines.linePos(error.pos[0]);
    return { path, line, problem: error.message.replace(/\s+/g, " ").replace(/\.$/, "") };
  }
  const top = document.contents;
  if (!isMap(top)) return { path, line: 1, problem: "it is no mapping of names to values" };
  const lineOf = (node: unknown): number => {
    const range = (node as { range?: readonly number[] } | null)?.range;
    return range?.[0] === undefined ? 1 : lines.linePos(range[0]).line;
  };
  const isAction = /(^|\/)action\.ya?ml$/.test(path);
  const jobs = top.get("jobs");
  if (!isAction && !isMap(jobs)) return { path, line: 1, problem: "it has no jobs" };
  return {
    path,
    events: eventsOf(plain(top.get("on"))),
    permissions: plain(top.get("permissions")),
    concurrency: concurrencyOf(top, lineOf),
    env: settingsOf(plain(top.get("env"))),
    jobs: isAction
      ? [jobOf("runs", top.get("runs"), 1, lineOf)]
      : (jobs as YAMLMap).items.map(({ key, value }) =>
          jobOf(String(plain(key)), value, lineOf(key), lineOf),
        ),
  };
}

function jobOf(id: string, node: unknown, line: number, lineOf: (node: unknown) => number): Job {
  const map = isMap(node) ? node : null;
  const get = (name: string) => plain(map?.get(name));
  const environment = get("environment");
  const name =
    typeof environment === "object" && environment !== null
      ? (environment as { name?: unknown }).name
      : environment;
  const steps = map?.get("steps");
  return {
    id,
    line,
    permissions: get("permissions"),
    concurrency: map === null ? null : concurrencyOf(map, lineOf),
    env: settingsOf(get("env")),
    environment: name === undefined || name === null ? null : String(name),
    condition: String(get("if") ?? ""),
    uses: textOrNull(get("uses")),
    steps: isSeq(steps) ? steps.items.map((step) => stepOf(step, lineOf)) : [],
  };
}

function stepOf(node: unknown, lineOf: (node: unknown) => number): Step {
  const map = isMap(node) ? node : null;
  const get = (name: string) => plain(map?.get(name));
  const run = map?.get("run", true);
  // The text of "run: |" begins one line below.
  const isBlock = isScalar(run) && /^BLOCK/.test(run.type ?? "");
  return {
    line: lineOf(node),
    uses: textOrNull(get("uses")),
    run: String(get("run") ?? ""),
    runLine: lineOf(run) + (isBlock ? 1 : 0),
    with: settingsOf(get("with")),
    env: settingsOf(get("env")),
    condition: String(get("if") ?? ""),
  };
}

function concurrencyOf(map: YAMLMap, lineOf: (node: unknown) => number): Concurrency | null {
  const node = map.get("concurrency", true);
  const value = plain(node);
  if (value === undefined || value === null) return null;
  const cancel =
    typeof value === "object" ? (value as Record<string, unknown>)["cancel-in-progress"] : false;
  return { line: lineOf(node), cancelsRunning: cancel !== undefined && cancel !== false };
}

/** `on` may be one name, a list, or a mapping. */
function eventsOf(on: unknown): ReadonlyMap<string, unknown> {
  if (typeof on === "string") return new Map([[on, null]]);
  if (Array.isArray(on)) return new Map(on.map((event) => [String(event), null]));
  if (typeof on !== "object" || on === null) return new Map();
  return new Map(Object.entries(on));
}

function settingsOf(value: unknown): Settings {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      name,
      typeof each === "string" ? each : JSON.stringify(each ?? ""),
    ]),
  );
}

function plain(node: unknown): unknown {
  const isNode = typeof node === "object" && node !== null && "toJSON" in node;
  return isNode ? (node as { toJSON: () => unknown }).toJSON() : node;
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
