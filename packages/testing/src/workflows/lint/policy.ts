/**
 * What this project asks of a workflow beyond its being one: what an attacker, or a run that comes
 * late, could otherwise make of it.
 */
import {
  asMap,
  isExpression,
  type Job,
  type Template,
  type Workflow,
} from "../official-parser/workflow.js";

/** Gives a sentence for every rule that a workflow file breaks. */
export function checkPolicy(workflow: Workflow, text: string): string[] {
  return [
    ...checkPins(text),
    ...checkTriggers(workflow),
    ...checkConcurrency(workflow),
    ...checkTopPermissions(workflow),
    ...workflow.jobs.flatMap((job) =>
      [
        ...checkJobPermissions(job),
        ...checkCheckouts(job),
        ...checkTimeout(job),
        ...checkScripts(job),
        ...checkConditions(job),
      ].map((sentence) => `job ${job.id}: ${sentence}`),
    ),
  ];
}

/** A tag can be moved to other code; a full commit cannot. The version is for people. */
function checkPins(text: string): string[] {
  return [...text.matchAll(/^\s*(?:-\s+)?uses:\s*(.*)$/gm)]
    .map(([, use = ""]) => use.trim())
    .filter((use) => !use.startsWith("./"))
    .filter((use) => !/^[\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+(\.\d+)*$/.test(use))
    .map((use) => `expected "owner/name@<40 hex digits> # v1.2.3", got "${use}"`);
}

/** They run with the repository's rights on somebody else's code. */
function checkTriggers({ on }: Workflow): string[] {
  return ["pull_request_target", "workflow_run"]
    .filter((event) => event in on)
    .map((event) => `is started by ${event}`);
}

function checkConcurrency({ on, source }: Workflow): string[] {
  // One that is only called runs in its caller's group; one of its own could wait for its caller.
  if (Object.keys(on).every((event) => event === "workflow_call")) return [];
  const concurrency = asMap(source.concurrency);
  if (concurrency.group === undefined) return ["has no concurrency group"];
  const { queue, "cancel-in-progress": cancels } = concurrency;
  if (queue === "max" && cancels !== undefined && cancels !== false) {
    return ["cancels what runs and queues it, which GitHub does not accept"];
  }
  return [];
}

function checkTopPermissions({ source }: Workflow): string[] {
  const { permissions } = source;
  const isLeast = JSON.stringify(permissions) === '{"contents":"read"}';
  return isLeast || JSON.stringify(permissions) === "{}"
    ? []
    : [
        `expected "permissions: contents: read" for all its jobs, got ${JSON.stringify(permissions ?? null)}`,
      ];
}

/** Every step of a job has the job's rights: who may do one dangerous thing does nothing else. */
function checkJobPermissions({ source, steps }: Job): string[] {
  const { permissions } = source;
  if (typeof permissions === "string") return [`has all rights: "${permissions}"`];
  const writes = Object.entries(asMap(permissions))
    .filter(([, right]) => right === "write")
    .map(([name]) => name);
  // Who calls a workflow hands it the sum of what its jobs ask for, and runs nothing itself.
  if (source.uses !== undefined) return [];
  const sentences: string[] = [];
  if (writes.length > 1) sentences.push(`may write ${writes.join(" and ")}, one is enough`);
  if (writes.includes("id-token")) {
    if (JSON.stringify(source).includes("secrets.")) {
      sentences.push("may ask for identity tokens and knows a secret");
    }
    if (steps.some((step) => asMap(step.source.with).cache !== undefined)) {
      sentences.push("may ask for identity tokens and runs what another job left in a cache");
    }
  }
  return sentences;
}

/** The credentials stay in the checkout's folder, for every later step to read. */
function checkCheckouts({ source, steps }: Job): string[] {
  const pushes = asMap(source.permissions).contents === "write";
  return steps
    .filter((step) => String(step.source.uses ?? "").startsWith("actions/checkout@"))
    .flatMap((step) => {
      const { "persist-credentials": persists, "fetch-depth": depth } = asMap(step.source.with);
      return [
        ...(String(persists) === String(pushes)
          ? []
          : [`expected "persist-credentials: ${pushes}", got ${JSON.stringify(persists ?? null)}`]),
        ...(depth === undefined || String(depth) === "1"
          ? []
          : [`fetches a history of ${String(depth)}, the newest commit is enough`]),
      ];
    });
}

function checkTimeout({ source }: Job): string[] {
  const called = source.uses !== undefined;
  return called || typeof source["timeout-minutes"] === "number" ? [] : ["has no timeout-minutes"];
}

/**
 * With line breaks around it an expression is a text, and every text that is not empty is true: a
 * condition that is never asked.
 */
function checkConditions({ condition }: Job): string[] {
  return /\bformat\('\s/.test(condition) ? [`has text around its condition: ${condition}`] : [];
}

/** An expression becomes part of the script before a shell sees it: a branch's name could be code. */
function checkScripts({ steps }: Job): string[] {
  return steps
    .map(({ source }) => source.run)
    .filter((run): run is Exclude<Template, string> => run !== undefined && typeof run !== "string")
    .map((run) => `puts ${isExpression(run) ? run["{{ }}"] : JSON.stringify(run)} into a script`);
}
