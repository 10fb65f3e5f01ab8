/**
 * Turns what Convex says of a failing query into the sentence that mends it.
 *
 * @param functionName The query that was asked for.
 * @param message The error's message, as the Convex client gives it.
 */
export function setupSentence(functionName: string, message: string): string {
  return `Cannot follow deployments: ${
    /could not find/i.test(message)
      ? `no public query "${functionName}"; export it from your convex/ folder and deploy, or pass functionName`
      : message
  }`;
}
