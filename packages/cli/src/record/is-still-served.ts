import type { DeploymentRecord } from "@tideline/version";
import { lookOnce } from "./look-once.js";
import { observe, startObservation } from "./observe.js";
import type { ProbeOptions } from "./probe-options.js";
import { wantedBuild } from "./wanted-build.js";

/**
 * Looks once more, after a record was taken, whether its build is still what is served.
 *
 * The epoch alone does not tell: where the look sees B, another deployer then puts back the build
 * that is live already (which moves no epoch), and B is recorded after it, nobody would ever hear
 * that B is not served.
 *
 * @returns False also if an address did not answer; only more looks say what that means.
 * @throws {DOMException} `AbortError`, when the signal ends it.
 */
export async function isStillServed(
  record: DeploymentRecord,
  { probes, timeoutMs, look, clock }: ProbeOptions,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const rules = { probes, agreeing: 1, wanted: wantedBuild(record) };
  const { sights } = await lookOnce(probes, { withinMs: timeoutMs, signal, look, clock });
  return observe(startObservation(rules), sights).state === "settled";
}
