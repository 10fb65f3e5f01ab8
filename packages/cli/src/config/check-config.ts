/** What one part of `tideline.config.json` says of another, once its shape is right. */

import { nearestWord } from "@tideline/version/nearest-word";
import type { TidelineConfig } from "./config.js";
import type { ConfigFile } from "./config-schema.js";
import { findCycle } from "./find-cycle.js";
import type { JsonPath } from "./read-json-lines.js";

/** One thing that is wrong, and where. */
export interface ConfigProblem {
  readonly path: JsonPath;
  /** `expected …, got …` */
  readonly sentence: string;
}

/** Gives everything in which the parts of the file contradict each other. */
export function checkConfig(file: ConfigFile, config: TidelineConfig): ConfigProblem[] {
  return [
    ...checkNames(file),
    ...checkDependencies(file),
    ...checkVersionSources(file),
    ...checkTargets(config),
    ...checkImages(config),
    ...checkProbes(file),
  ];
}

function checkNames({ services, shared = {} }: ConfigFile): ConfigProblem[] {
  return Object.keys(shared)
    .filter((name) => Object.hasOwn(services, name))
    .map((name) => ({
      path: ["shared", name],
      sentence: `expected a name that no service has, got "${name}"`,
    }));
}

function checkDependencies({ services, shared = {} }: ConfigFile): ConfigProblem[] {
  const known = [...Object.keys(services), ...Object.keys(shared)];
  const problems: ConfigProblem[] = [];
  for (const [name, { dependsOn = [] }] of Object.entries(services)) {
    for (const [index, other] of dependsOn.entries()) {
      if (known.includes(other)) continue;
      const near = nearestWord(other, known);
      problems.push({
        path: ["services", name, "dependsOn", index],
        sentence: `expected a service or a shared set of paths (${known.join(", ")}), got "${other}"${near === null ? "" : `; did you mean "${near}"?`}`,
      });
    }
  }
  const cycle = findCycle(
    new Map(Object.entries(services).map(([name, { dependsOn = [] }]) => [name, dependsOn])),
  );
  const [first] = cycle ?? [];
  if (cycle !== null && first !== undefined) {
    problems.push({
      path: ["services", first, "dependsOn"],
      sentence: `expected no service to depend on itself, got the cycle ${cycle.join(" → ")}`,
    });
  }
  return problems;
}

function checkVersionSources({ services }: ConfigFile): ConfigProblem[] {
  const [first, ...more] = Object.keys(services).filter((name) => services[name]?.versionSource);
  return more.map((name) => ({
    path: ["services", name, "versionSource"],
    sentence: `expected one source of the version, got "${first}" and "${name}"`,
  }));
}

/** Two services with one row in the ledger would replace each other for ever. */
function checkTargets({ services }: TidelineConfig): ConfigProblem[] {
  const owners = new Map<string, string>();
  const problems: ConfigProblem[] = [];
  for (const { name, appName } of services.values()) {
    const owner = owners.get(appName);
    if (owner === undefined) owners.set(appName, name);
    else {
      problems.push({
        path: ["services", name, "appName"],
        sentence: `expected an appName of its own, got "${appName}", which "${owner}" has too`,
      });
    }
  }
  return problems;
}

function checkImages({ services }: TidelineConfig): ConfigProblem[] {
  const owners = new Map<string, string>();
  const problems: ConfigProblem[] = [];
  for (const { name, image, tagSuffix } of services.values()) {
    if (image === null) continue;
    // A colon is in no image's name, so no two pairs have the same text.
    const tagged = `${image}:<version>${tagSuffix}`;
    const owner = owners.get(tagged);
    if (owner === undefined) owners.set(tagged, name);
    else {
      problems.push({
        path: ["services", name, "image"],
        sentence: `expected an image and tagSuffix of its own, got "${tagged}", which "${owner}" has too`,
      });
    }
  }
  return problems;
}

function checkProbes({ services, environments = {} }: ConfigFile): ConfigProblem[] {
  const known = Object.keys(services);
  return Object.entries(environments).flatMap(([environment, { probes = {} }]) =>
    Object.keys(probes)
      .filter((name) => !known.includes(name))
      .map((name) => {
        const near = nearestWord(name, known);
        return {
          path: ["environments", environment, "probes", name],
          sentence: `expected the name of a service (${known.join(", ")}), got "${name}"${near === null ? "" : `; did you mean "${near}"?`}`,
        };
      }),
  );
}
