import { join } from "node:path";
import { readVersionFile, VERSION_FILE_NAME } from "@tideline/stamp";
import type { ServiceConfig, TidelineConfig } from "../config/config.js";
import { readServiceInputs } from "../plan/service-inputs.js";
import type { Env } from "../terminal.js";
import type { BuildIds } from "./describe-image.js";
import type { SourceFacts } from "./source-facts.js";

/** The ids by service, and sentences about those that are not known. */
export interface FoundIds {
  readonly idsOf: (service: string) => BuildIds;
  readonly warnings: readonly string[];
}

const NONE: BuildIds = { buildId: null, inputsId: null };

/**
 * Gives what identifies the builds of services here and now: the hash of the artifact where there
 * is one, else the fingerprint of the inputs.
 */
export async function buildIds(
  config: TidelineConfig,
  services: readonly ServiceConfig[],
  env: Env,
  { commit }: Pick<SourceFacts, "commit">,
): Promise<FoundIds> {
  const { ids: inputs } = await readServiceInputs(config, env);
  const ids = new Map<string, BuildIds>();
  const warnings: string[] = [];
  for (const { name, dist } of services) {
    const inputsId = inputs.get(name) ?? null;
    const artifact = dist === null ? null : await readArtifact(join(config.root, dist));
    ids.set(name, { buildId: dist === null ? inputsId : (artifact?.buildId ?? null), inputsId });
    if (dist === null) continue;
    if (artifact === null) {
      warnings.push(
        `The image of ${name} gets no build id: "${dist}" has no version.json yet, and the id is the hash of what is in it`,
      );
    } else if (commit !== null && artifact.gitCommit !== null && artifact.gitCommit !== commit) {
      warnings.push(
        `The image of ${name} gets the build id of "${dist}", which was built at commit ${artifact.gitCommit}; the working tree is at ${commit}`,
      );
    }
  }
  return { idsOf: (service) => ids.get(service) ?? NONE, warnings };
}

async function readArtifact(dist: string) {
  try {
    return await readVersionFile(join(dist, VERSION_FILE_NAME));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw cause;
  }
}
