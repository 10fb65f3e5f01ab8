/**
 * GitHub's own parser of workflow files, behind one function. Not to be imported: the parser reads
 * JSON modules without saying so, which Node refuses. load-parser.ts bundles this file.
 */
import {
  convertWorkflowTemplate,
  isBasicExpression,
  isBoolean,
  isMapping,
  isNumber,
  isSequence,
  isString,
  NoOperationTraceWriter,
  parseWorkflow as parse,
} from "@actions/workflow-parser";
import type { WorkflowTemplate } from "@actions/workflow-parser/model/workflow-template";
import type { TemplateToken } from "@actions/workflow-parser/templates/tokens/index";
import { asMap, type Job, type Parsed, type Template, type TemplateMap } from "./workflow.js";

/** What load-parser.ts gives. */
export type ParseWorkflow = typeof parseWorkflow;

/**
 * Parses one file.
 *
 * @param name What its errors call it.
 */
export async function parseWorkflow(name: string, text: string): Promise<Parsed> {
  const { context, value } = parse({ name, content: text }, new NoOperationTraceWriter());
  const template = value === undefined ? null : await convertWorkflowTemplate(context, value);
  const errors = context.errors.getErrors().map((error) => error.message);
  if (errors.length > 0 || value === undefined || template === null) return { ok: false, errors };
  const source = asMap(plain(value));
  const { on, jobs } = source;
  return {
    ok: true,
    workflow: {
      name: typeof source.name === "string" ? source.name : name,
      on: readEvents(on ?? null),
      jobs: readJobs(template, asMap(jobs)),
      source,
    },
  };
}

/** `on: push`, `on: [push]` and `on: {push: …}` say the same. */
function readEvents(on: Template): TemplateMap {
  if (typeof on === "string") return { [on]: null };
  if (Array.isArray(on)) return Object.fromEntries(on.map((event) => [String(event), null]));
  return asMap(on);
}

function readJobs({ jobs }: WorkflowTemplate, sources: TemplateMap): Job[] {
  return jobs.map((job) => {
    const source = asMap(sources[job.id.value]);
    const stepSources = Array.isArray(source.steps) ? source.steps : [];
    return {
      id: job.id.value,
      needs: (job.needs ?? []).map((need) => need.value),
      condition: job.if.expression,
      steps: (job.type === "job" ? job.steps : []).map((step, index) => ({
        condition: step.if?.expression ?? "success()",
        source: asMap(stepSources[index]),
      })),
      source,
    };
  });
}

function plain(token: TemplateToken): Template {
  if (isBasicExpression(token)) return { "{{ }}": token.expression };
  if (isString(token) || isNumber(token) || isBoolean(token)) return token.value;
  if (isSequence(token)) return Array.from({ length: token.count }, (_, i) => plain(token.get(i)));
  if (isMapping(token)) {
    return Object.fromEntries(
      Array.from(token, ({ key, value }) => [key.toString(), plain(value)] as const),
    );
  }
  return null;
}
