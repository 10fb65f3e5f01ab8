/** A command line, a setting or `sync.config.yaml` that cannot be used; nothing was done. Exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  /** What a person does next; null: correct it. */
  readonly nextStep: string | null;

  constructor(
    message: string,
    options: { readonly cause?: unknown; readonly nextStep?: string } = {},
  ) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.nextStep = options.nextStep ?? null;
  }
}
