/** A workflow file as its parser understood it, in plain data: what is checked and what is run. */

/** A value of the file; what stands in `${{ }}` is kept as its expression. */
export type Template =
  | null
  | boolean
  | number
  | string
  | Expression
  | readonly Template[]
  | TemplateMap;

/** What stands in `${{ }}`; text around it is part of it, as a call of `format`. */
export interface Expression {
  readonly "{{ }}": string;
}

/** A mapping of the file. */
export type TemplateMap = { readonly [key: string]: Template };

/** Says whether a value is an expression, or holds one. */
export function isExpression(value: Template | undefined): value is Expression {
  return typeof value === "object" && value !== null && "{{ }}" in value;
}

/** Gives a mapping, and an empty one for everything else. */
export function asMap(value: Template | undefined): TemplateMap {
  const isMap = typeof value === "object" && value !== null && !Array.isArray(value);
  return isMap && !isExpression(value) ? (value as TemplateMap) : {};
}

/** One step. */
export interface Step {
  /** Never empty: `success()` stands where the file says nothing. */
  readonly condition: string;
  /** The step as it stands in the file. */
  readonly source: TemplateMap;
}

/** One job. */
export interface Job {
  readonly id: string;
  readonly needs: readonly string[];
  readonly condition: string;
  /** Empty for a call of another workflow. */
  readonly steps: readonly Step[];
  readonly source: TemplateMap;
}

/** One file. */
export interface Workflow {
  readonly name: string;
  /** By event: its filters. */
  readonly on: TemplateMap;
  /** In the file's order. */
  readonly jobs: readonly Job[];
  readonly source: TemplateMap;
}

/** What the parser says of a file: its complaints, or what it holds. */
export type Parsed =
  | { readonly ok: true; readonly workflow: Workflow }
  | { readonly ok: false; readonly errors: readonly string[] };
