import { type DeployedInputs, FUNCTION_NAMES } from "@tideline/version";
import { CommandError } from "../command-error.js";
import type { Env } from "../terminal.js";
import { callFunction } from "./call-ledger.js";
import { findRecordToken } from "./record-token.js";
import type { CallOptions } from "./with-retries.js";

/**
 * Asks the ledger what is live of some services, and whether their inputs were live before. Tries
 * again as a record does. Needs no token; where there is one it is passed, because history or
 * commits may be private.
 *
 * @param services With the `appName` and the `inputsId` of each.
 * @param options.versions Of which it is to say what they were ever the name of; at most five.
 * @returns In their order.
 * @throws {CommandError} `failed`, if the ledger does not answer or has no such function.
 */
export async function findDeployedInputs(
  environment: string,
  services: readonly { readonly appName: string; readonly inputsId: string }[],
  caller: { readonly env: Env; readonly cwd: string },
  { versions, ...options }: CallOptions & { readonly versions?: readonly string[] },
): Promise<readonly DeployedInputs[]> {
  const token = await findRecordToken(caller.env, caller.cwd);
  const path = FUNCTION_NAMES.findDeployedInputs;
  const args = {
    ...{ environment, services },
    ...(versions !== undefined && { versions }),
    ...(token !== null && { token }),
  };
  const answer = await callFunction("query", path, args, options);
  if (Array.isArray(answer) && answer.length === services.length) {
    // The ledger's validators keep the rest of the shape.
    return answer as readonly DeployedInputs[];
  }
  throw new CommandError(
    "failed",
    `Cannot ${options.doing}: expected the answer of Tideline's ${path}, got ${JSON.stringify(answer)?.slice(0, 80)}`,
  );
}
