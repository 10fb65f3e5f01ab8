/** The ledger's answers, from outside until they are named here. What is signed in them the engine verifies. */
import type { FleetTarget, SignedRelease, UpstreamHint } from "@tideline/version/fleet";
import * as v from "valibot";

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const text = v.pipe(v.string(), v.maxLength(200));

// verifyRelease says what is wrong with it, as a refusal of this one subsystem.
const release = v.custom<SignedRelease>((value) => typeof value === "object" && value !== null);

const settled = v.object({ release, seq: count, version: text });

const rollout = v.object({
  release,
  seq: count,
  version: text,
  mode: v.picklist(["waiting-for-approval", "running", "paused", "halted", "completed"]),
  openTo: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
  canaries: v.array(v.string()),
  startedAt: v.number(),
  ring: v.pipe(v.number(), v.integer()),
});

// Fields that a newer ledger adds are left out, so that it can be deployed before its machines.
const target = v.object({
  channel: text,
  subsystem: text,
  generation: count,
  settled: v.nullable(settled),
  rollout: v.nullable(rollout),
});

const hint = v.object({ subsystem: text, sequence: count, at: v.number() });

/**
 * Reads the answer of `watchTargets`. A row that cannot be read is left out, so that it costs nobody
 * the others.
 *
 * @param log Hears of rows that were left out.
 */
export function parseTargets(answer: unknown, log: (line: string) => void): readonly FleetTarget[] {
  return parseRows(target, answer, "targets", log);
}

/** Reads the answer of `watchHints`, as {@link parseTargets} does. */
export function parseHints(answer: unknown, log: (line: string) => void): readonly UpstreamHint[] {
  return parseRows(hint, answer, "hints", log);
}

function parseRows<T>(
  schema: v.GenericSchema<unknown, T>,
  answer: unknown,
  what: string,
  log: (line: string) => void,
): readonly T[] {
  if (!Array.isArray(answer)) {
    log(`Cannot use the ledger's ${what}: expected a list, got "${typeof answer}"`);
    return [];
  }
  const found: T[] = [];
  for (const row of answer) {
    const parsed = v.safeParse(schema, row);
    if (parsed.success) found.push(parsed.output);
    else {
      const [issue] = parsed.issues;
      const place = v.getDotPath(issue) ?? "the whole";
      log(`Cannot use one of the ledger's ${what}: ${place}: ${issue.message}`);
    }
  }
  return found;
}
