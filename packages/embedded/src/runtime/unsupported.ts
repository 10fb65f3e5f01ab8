import { SyscallError } from "../syscall-error.js";

// By the start of the operation's name, what people call the feature.
const FEATURES: readonly (readonly [prefix: string, feature: string])[] = [
  ["1.0/storage", "storage is"],
  ["storage/", "storage is"],
  ["1.0/signJwt", "signing JWTs is"],
  ["1.0/actions/vectorSearch", "vector search is"],
  ["1.0/componentArgument", "components are"],
  ["1.0/auditLog", "audit logs are"],
  ["1.0/createServiceToken", "the AI gateway is"],
  ["1.0/getServiceUrl", "the AI gateway is"],
];

/** The error for an operation that this server does not have: by feature, or as unknown. */
export function unsupportedOperation(
  name: string,
  kind: "operation" | "async operation",
): SyscallError {
  const feature = FEATURES.find(([prefix]) => name.startsWith(prefix))?.[1];
  return new SyscallError(
    feature === undefined
      ? `Unknown ${kind} ${name}`
      : `${feature} not supported by the embedded server yet`,
  );
}
