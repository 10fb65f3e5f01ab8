/** What did not work, where a person can mend it and no rule has forbidden it. Exit code 1. */
export class FailedError extends Error {
  override readonly name = "FailedError";
  /** What a person does next. */
  readonly nextStep: string;

  constructor(message: string, nextStep: string) {
    super(message);
    this.nextStep = nextStep;
  }
}
