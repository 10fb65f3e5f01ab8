/** A refusal that the running function may catch; it sees an ordinary `Error` with this message. */
export class SyscallError extends Error {
  override name = "Error";
}
