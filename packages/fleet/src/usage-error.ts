/** A command line, a setting or `sync.config.yaml` that cannot be used; nothing was done. Exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
