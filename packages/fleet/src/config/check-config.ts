/** What one part of `sync.config.yaml` says of another, once its shape is right. */
import { dirname, isAbsolute, relative, sep } from "node:path";
import { nearestWord } from "@tideline/version/nearest-word";
import { SELF_SERVICE } from "../guard/guard-paths.js";
import type { ConfigFile } from "./config-schema.js";
import type { YamlPath } from "./read-yaml.js";
import { secretName } from "./secret-name.js";
import type { SyncConfig } from "./sync-config.js";

/** One thing that is wrong, and where. */
export interface ConfigProblem {
  readonly path: YamlPath;
  /** `expected …, got …` */
  readonly sentence: string;
}

/** Gives everything in which the parts of the file contradict each other. */
export function checkConfig(file: ConfigFile, config: SyncConfig): ConfigProblem[] {
  return [
    ...checkFiles(file, config),
    ...checkBinaries(config),
    ...checkSecrets(config),
    ...checkServices(file, config),
    ...checkSelf(config),
    ...checkTrust(config),
  ];
}

/** What the path alone says to be a folder; any other one is seen when it is read. */
function checkFiles(file: ConfigFile, { folder, subsystems }: SyncConfig): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  for (const { name, binary } of Object.values(subsystems)) {
    const written = file.subsystems[name]?.binary ?? binary;
    const fromThere = relative(binary, folder);
    const holdsConfig = !isAbsolute(fromThere) && fromThere.split(sep)[0] !== "..";
    if (!holdsConfig && !["/", sep].some((end) => written.endsWith(end))) continue;
    problems.push({
      path: ["subsystems", name, "binary"],
      sentence: `expected a file, got the folder "${written}"`,
    });
  }
  return problems;
}

function checkBinaries({ subsystems }: SyncConfig): ConfigProblem[] {
  const owners = new Map<string, string>();
  const problems: ConfigProblem[] = [];
  for (const { name, binary, source } of Object.values(subsystems)) {
    // Two in one folder would write over each other's `.version` and `.previous`.
    const folder = dirname(binary);
    const owner = owners.get(folder);
    if (owner !== undefined) {
      problems.push({
        path: ["subsystems", name, "binary"],
        sentence: `expected a binary in a folder of its own, got "${binary}", where "${owner}" has its own too`,
      });
    }
    owners.set(folder, name);
    // A build over the running file would be what the swap is there to avoid.
    if (source?.output === binary) {
      problems.push({
        path: ["subsystems", name, "source", "output"],
        sentence: `expected another place than the live binary, got "${binary}"`,
      });
    }
  }
  return problems;
}

/** Two names with one variable would share their webhook's secret without anybody knowing. */
function checkSecrets({ subsystems }: SyncConfig): ConfigProblem[] {
  const owners = new Map<string, string>();
  const problems: ConfigProblem[] = [];
  for (const name of Object.keys(subsystems)) {
    const variable = secretName(name);
    const owner = owners.get(variable);
    if (owner !== undefined) {
      problems.push({
        path: ["subsystems", name],
        sentence: `expected a name that differs from "${owner}" in more than ".", "_" and "-", got "${name}"`,
      });
    }
    owners.set(variable, name);
  }
  return problems;
}

function checkServices(file: ConfigFile, { supervisor, subsystems }: SyncConfig): ConfigProblem[] {
  if (supervisor.kind !== "built-in") return [];
  const known = Object.keys(supervisor.services);
  const problems: ConfigProblem[] = [];
  for (const { name, service } of Object.values(subsystems)) {
    if (service === null || service === SELF_SERVICE || known.includes(service)) continue;
    const near = nearestWord(service, known);
    const hint =
      near === null
        ? "; a tool that nothing runs has `service: null`"
        : `; did you mean "${near}"?`;
    problems.push({
      path: ["subsystems", name, ...(file.subsystems[name]?.service ? ["service"] : [])],
      sentence: `expected a service of supervisor.services (${known.join(", ") || "none"}), got "${service}"${hint}`,
    });
  }
  return problems;
}

/** There is one process that runs the service, and one file of it. */
function checkSelf({ subsystems }: SyncConfig): ConfigProblem[] {
  const [first, ...others] = Object.values(subsystems).filter(
    ({ service }) => service === SELF_SERVICE,
  );
  return others.map(({ name }) => ({
    path: ["subsystems", name, "service"],
    sentence: `expected one subsystem with the service "${SELF_SERVICE}", got "${first?.name}" and "${name}"`,
  }));
}

function checkTrust({ trust: { roots, threshold } }: SyncConfig): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const distinct = new Set(roots).size;
  if (distinct < roots.length) {
    problems.push({
      path: ["trust", "roots"],
      sentence: "expected every root once, got one again",
    });
  }
  if (roots.length > 0 && threshold > distinct) {
    problems.push({
      path: ["trust", "threshold"],
      sentence: `expected at most as many as there are roots (${distinct}), got ${threshold}`,
    });
  }
  return problems;
}
