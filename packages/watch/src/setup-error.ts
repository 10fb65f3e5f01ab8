/**
 * Turns a failing query into an error whose message says what to mend.
 *
 * @param functionName The query that was asked for.
 * @param cause What the Convex client says of it.
 */
export function setupError(functionName: string, cause: unknown): Error {
  return new Error(`Cannot follow deployments: export and deploy "${functionName}" (${cause})`);
}
