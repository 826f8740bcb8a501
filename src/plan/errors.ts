/** A command line that can't be run: one line for the user, exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  constructor(
    message: string,
    /** What to do about it, printed after the message. */
    readonly hint: string | null = null,
  ) {
    super(message);
  }
}

/** A run that started and failed: one line for the user, exit code 1. */
export class RunError extends Error {
  override readonly name = "RunError";
}
