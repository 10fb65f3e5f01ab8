/** The gateway cannot start, for a reason that its operator can mend; the message says which. */
export class StartError extends Error {
  override name = "StartError";
}
