/**
 * What public addresses serve, concluded from looks at them. Pure: it is told of looks and says
 * whether they settle the matter. Who looks, and when, is watch-probes.ts.
 *
 * ```text
 *            a round where all addresses agree          `agreeing` of them in a row
 * looking ───────────────────────────────────> looking ─────────────────────────────> settled
 *    ^                                            │
 *    └──── a round where one differs, or none ────┘  the count starts anew
 * ```
 *
 * An address that flips between two builds (a rollout, an edge that is behind) never settles.
 */
import type { BuildStamp } from "@tideline/version";
import type { Sight } from "./published-stamp.js";
import { isServed, type WantedBuild } from "./wanted-build.js";

/** What is to be seen. */
export interface ObservationRules {
  readonly probes: readonly string[];
  /** How many rounds in a row must agree. */
  readonly agreeing: number;
  /** Only this build settles it; null: whichever they agree on. */
  readonly wanted: WantedBuild | null;
}

/** Everything that was seen so far. */
export interface Observation {
  readonly rules: ObservationRules;
  readonly state: "looking" | "settled";
  readonly rounds: number;
  /** How many of the last rounds agreed. */
  readonly inARow: number;
  /** What the last round agreed on, or null. */
  readonly stamp: BuildStamp | null;
  readonly probes: readonly ProbeSights[];
}

/** What one address answered. */
export interface ProbeSights {
  readonly address: string;
  /** By build id, the first seen first. */
  readonly builds: ReadonlyMap<string, { readonly stamp: BuildStamp; readonly answers: number }>;
  /** Looks that showed no build. */
  readonly failures: number;
  /** The last look. */
  readonly last: Sight | null;
}

/** Gives the observation before the first look. */
export function startObservation(rules: ObservationRules): Observation {
  return {
    rules,
    state: "looking",
    rounds: 0,
    inARow: 0,
    stamp: null,
    probes: rules.probes.map((address) => ({
      address,
      builds: new Map(),
      failures: 0,
      last: null,
    })),
  };
}

/**
 * Gives the observation after one more look at every address.
 *
 * @param sights In the order of the addresses.
 */
export function observe(observation: Observation, sights: readonly Sight[]): Observation {
  const { rules, state } = observation;
  if (state === "settled") return observation;
  const agreed = agreedOn(rules, sights);
  const isSame = agreed !== null && observation.stamp?.buildId === agreed.buildId;
  const inARow = agreed === null ? 0 : isSame ? observation.inARow + 1 : 1;
  return {
    rules,
    state: inARow >= rules.agreeing ? "settled" : "looking",
    rounds: observation.rounds + 1,
    inARow,
    stamp: agreed,
    probes: observation.probes.map((probe, index) => remember(probe, sights[index])),
  };
}

/** Says in one clause what each address served, for the sentence that refuses. */
export function describeObservation({ probes }: Observation): string {
  return probes.map(describeProbe).join("; ");
}

function agreedOn({ wanted }: ObservationRules, sights: readonly Sight[]): BuildStamp | null {
  const [first] = sights;
  if (!first?.stamp) return null;
  const { stamp } = first;
  const areEqual = sights.every((sight) =>
    wanted === null
      ? sight.stamp?.buildId === stamp.buildId
      : sight.stamp !== null && isServed(wanted, sight.stamp),
  );
  return areEqual ? stamp : null;
}

function remember(probe: ProbeSights, sight: Sight | undefined): ProbeSights {
  if (!sight) return probe;
  const { stamp } = sight;
  if (stamp === null) return { ...probe, failures: probe.failures + 1, last: sight };
  const answers = (probe.builds.get(stamp.buildId)?.answers ?? 0) + 1;
  return {
    ...probe,
    builds: new Map(probe.builds).set(stamp.buildId, { stamp, answers }),
    last: sight,
  };
}

function describeProbe({ address, builds, failures, last }: ProbeSights): string {
  const total = [...builds.values()].reduce((sum, { answers }) => sum + answers, failures);
  if (total === 0) return `${address} was not looked at`;
  if (builds.size === 0) return `${last?.problem ?? address} (${times(failures)})`;
  const counts = [...builds].map(
    ([buildId, { stamp, answers }]) =>
      `${answers} of ${total} answers ${stamp.version} (${buildId})`,
  );
  if (failures > 0) counts.push(`${failures} no build (${last?.problem ?? "at first"})`);
  return `${address} gave ${counts.join(", ")}`;
}

function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}
