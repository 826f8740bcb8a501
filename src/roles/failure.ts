import { ChannelError } from "../channel/failures.ts";
import { CANCELED, CLOSED, MALFORMED, PEER_DIED, TIMED_OUT } from "../native/errno.ts";
import type { FailureCause } from "../protocol/control.ts";

/** A client could not be served to its end by a thread of its own; the thread goes on. */
export class ServingError extends Error {
  override readonly name = "ServingError";
  constructor(
    message: string,
    readonly whose: FailureCause,
  ) {
    super(message);
  }
}

/** Whose fault it was, seen from here. */
export function causeOf(error: unknown): FailureCause {
  if (error instanceof ServingError) return error.whose;
  if (!(error instanceof ChannelError)) return "own";
  if (error.status === CANCELED) return "stopped";
  return [CLOSED, PEER_DIED, TIMED_OUT, MALFORMED].includes(error.status) ? "peer" : "own";
}
