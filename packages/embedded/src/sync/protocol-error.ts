/**
 * The client broke the sync protocol. It is told with a FatalError and does not come back, so this
 * is only for what a correct client never does.
 */
export class ProtocolError extends Error {
  override name = "ProtocolError";

  /** @param code The protocol's short name for it, such as `BaseVersionMismatch`. */
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}
