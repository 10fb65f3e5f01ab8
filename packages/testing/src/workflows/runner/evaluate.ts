/** What `${{ }}` stands for, by GitHub's own evaluator. */
import { data, Evaluator, Lexer, Parser } from "@actions/expressions";
import type { FunctionDefinition } from "@actions/expressions/funcs/info";
import { isExpression, type Template, type TemplateMap } from "../official-parser/workflow.js";

/** A value as JSON has it. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };

/** What expressions may read, by name (`github`, `needs`, …), and how it went so far. */
export interface Contexts {
  readonly values: Readonly<Record<string, Json>>;
  /** `failure` if a step before, or a job that is needed, failed. */
  readonly status: "success" | "failure" | "cancelled";
}

/** Gives the value of an expression. */
export function evaluate(expression: string, { values, status }: Contexts): Json {
  const functions = statusFunctions(status);
  const parser = new Parser(new Lexer(expression).lex().tokens, Object.keys(values), functions);
  const context = new data.Dictionary(
    ...Object.entries(values).map(([key, value]) => ({ key, value: toData(value) })),
  );
  const known = new Map(functions.map((definition) => [definition.name, definition]));
  return fromData(new Evaluator(parser.parse(), context, known).evaluate());
}

/** Says whether a job or a step is to run. */
export function isTrue(condition: string, contexts: Contexts): boolean {
  const value = evaluate(condition, contexts);
  return value !== null && value !== false && value !== 0 && value !== "";
}

/** Gives a value of the file with all its expressions evaluated. */
export function fill(template: Template | undefined, contexts: Contexts): Json {
  if (template === undefined || template === null || typeof template !== "object") {
    return template ?? null;
  }
  if (isExpression(template)) return evaluate(template["{{ }}"], contexts);
  if (Array.isArray(template)) return template.map((item: Template) => fill(item, contexts));
  return Object.fromEntries(
    Object.entries(template as TemplateMap).map(([key, value]) => [key, fill(value, contexts)]),
  );
}

/** Gives a mapping's values as the texts that a process gets. */
export function fillTexts(
  template: Template | undefined,
  contexts: Contexts,
): Record<string, string> {
  const filled = fill(template, contexts);
  if (filled === null || typeof filled !== "object" || Array.isArray(filled)) return {};
  return Object.fromEntries(Object.entries(filled).map(([key, value]) => [key, asText(value)]));
}

/** A value in the middle of a text. */
export function asText(value: Json): string {
  return value === null ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
}

function statusFunctions(status: Contexts["status"]): FunctionDefinition[] {
  const said: Record<string, boolean> = {
    success: status === "success",
    failure: status === "failure",
    cancelled: status === "cancelled",
    always: true,
  };
  return Object.entries(said).map(([name, value]) => ({
    name,
    minArgs: 0,
    maxArgs: 0,
    call: () => new data.BooleanData(value),
  }));
}

function toData(value: Json): data.ExpressionData {
  return JSON.parse(JSON.stringify(value), data.reviver) as data.ExpressionData;
}

function fromData(value: data.ExpressionData): Json {
  return JSON.parse(JSON.stringify(value, data.replacer)) as Json;
}
