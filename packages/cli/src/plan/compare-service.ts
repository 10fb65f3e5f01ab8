import type { DeployedInputs, NamedBuild } from "@tideline/version";
import type { ServiceConfig } from "../config/config.js";
import { imageName } from "../images/describe-image.js";
import type { PlanFacts } from "./plan.js";
import { allNamed, type Named } from "./taken-names.js";

/** How a service's inputs stand to what is live. */
export interface Comparison {
  readonly service: ServiceConfig;
  readonly image: string | null;
  readonly inputsId: string;
  readonly live: DeployedInputs["live"];
  readonly known: DeployedInputs["known"];
  readonly state: "live" | "known" | "new";
  /** What its versions were ever the name of. */
  readonly names: readonly NamedBuild[];
  /** What would be built. */
  readonly self: Named;
}

/** Compares a service with what is live, and with what was. */
export function compareService(service: ServiceConfig, facts: PlanFacts): Comparison {
  const { config, commit, environment, inputsIds, deployed } = facts;
  const found = deployed.get(service.name) ?? { live: null, known: null };
  const { live, known } = found;
  const inputsId = inputsIds.get(service.name) ?? "";
  const image = imageName(config, service);
  const isKnown = known !== null && (image === null || known.imageDigest !== null);
  const state = live?.inputsId === inputsId ? "live" : isKnown ? "known" : "new";
  const self = { inputsId, commit, hasImage: image !== null, environment };
  return { service, image, inputsId, live, known, state, names: allNamed(found, self), self };
}
