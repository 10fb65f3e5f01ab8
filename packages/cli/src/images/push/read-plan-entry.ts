import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import * as v from "valibot";
import { CommandError } from "../../command-error.js";

const DIGEST = /^sha256:[0-9a-f]{64}$/;
const TAG = /^\w[\w.-]{0,127}$/;

const entrySchema = v.object({
  service: v.string(),
  next: v.pipe(v.string(), v.minLength(1)),
  action: v.picklist(["build", "reuse", "restore", "skip"]),
  reason: v.string(),
  image: v.nullable(v.string()),
  digest: v.nullable(v.pipe(v.string(), v.regex(DIGEST))),
  tags: v.array(v.pipe(v.string(), v.regex(TAG))),
});

const planSchema = v.object({ entries: v.array(entrySchema) });

/** What of a service's row in a plan an image is pushed by. */
export type PushEntry = v.InferOutput<typeof entrySchema>;

/**
 * Reads a service's row of a plan that `tideline plan --json` printed.
 *
 * @param image What the configuration calls the image; a plan of another configuration is refused.
 * @throws {CommandError} `usage`, if there is no such file, plan or row.
 */
export async function readPlanEntry(
  cwd: string,
  path: string,
  service: string,
  image: string,
): Promise<PushEntry> {
  const use = `use the plan "${path}"`;
  let json: unknown;
  try {
    json = JSON.parse(await readFile(resolve(cwd, path), "utf8"));
  } catch (cause) {
    const got = cause instanceof SyntaxError ? "something else" : (cause as { code?: string }).code;
    const expected = "the output of tideline plan --json";
    throw new CommandError("usage", `Cannot ${use}: expected ${expected}, got ${got}`, { cause });
  }
  const plan = v.safeParse(planSchema, json);
  if (!plan.success) {
    const [issue] = plan.issues;
    throw new CommandError(
      "usage",
      `Cannot ${use}: expected the output of tideline plan --json, got ${issue.received} in ${v.getDotPath(issue) ?? "it"}`,
    );
  }
  const entry = plan.output.entries.find((row) => row.service === service);
  if (entry === undefined) {
    const names = plan.output.entries.map((row) => `"${row.service}"`).join(", ");
    throw new CommandError("usage", `Cannot ${use}: expected a row of "${service}", got ${names}`);
  }
  if (entry.image === image || entry.action === "skip") return entry;
  throw new CommandError(
    "usage",
    `Cannot ${use}: expected "${service}" to be the image "${image}", got "${entry.image}"`,
  );
}
