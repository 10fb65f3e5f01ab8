import type { EncodedValue } from "../contract.js";
import type { Engine } from "./engine.js";
import type { Execution } from "./execution.js";
import { addressedPath, findFunction, functionHandle } from "./find-function.js";

export type SyscallArgs = { readonly [name: string]: EncodedValue };

/** Answers what a function of any type may ask; undefined for what is not among it. */
export function commonSyscall(
  engine: Engine,
  execution: Execution,
  name: string,
  args: SyscallArgs,
): EncodedValue | undefined {
  switch (name) {
    case "1.0/getUserIdentity":
      return userIdentity(execution);
    case "1.0/createFunctionHandle": {
      const path = addressedPath(args);
      return functionHandle(findFunction(engine.code, path, { allowInternal: true }));
    }
    case "1.0/getFunctionMetadata":
      return { name: execution.identifier.replace(".js:", ":"), componentPath: "" };
    case "1.0/getDeploymentMetadata":
      return { name: "embedded", region: null, class: "s16" };
    case "1.0/getRequestMetadata": {
      if (execution.kind === "query") return undefined;
      const { client, requestId, jobId } = execution.call;
      return {
        ip: client?.ip ?? null,
        userAgent: client?.userAgent ?? null,
        requestId,
        scheduledFunctionId: jobId ?? null,
        authToken: null,
      };
    }
    default:
      return undefined;
  }
}

function userIdentity(execution: Execution): EncodedValue {
  if ("usage" in execution) execution.usage.identity = true;
  const { identity } = execution.call;
  switch (identity.kind) {
    case "none":
      return null;
    case "admin":
      return identity.actingAs ?? null;
    case "user":
      return identity.attributes;
    default:
      return identity satisfies never;
  }
}
