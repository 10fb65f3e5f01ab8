import { ConvexError } from "convex/values";

/** Gives the sentence for a person, out of whatever a query threw. */
export function describeError(error: unknown): string {
  if (error instanceof ConvexError) {
    const { message } = (error.data ?? {}) as { readonly message?: unknown };
    if (typeof message === "string") return message;
  }
  const text = error instanceof Error ? error.message : String(error);
  if (text.includes("Could not find public function")) {
    return "The Convex deployment does not have Tideline's functions yet: run `npx convex deploy`, or `npm start` for the local one";
  }
  // The client puts the function's name and a request id in front.
  return text.replace(/^(\[[^\]]*\]\s*)+/, "").split("\n")[0] || "Something went wrong";
}
