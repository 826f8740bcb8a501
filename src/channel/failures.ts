import { CANCELED, CLOSED, MALFORMED, PEER_DIED, TIMED_OUT } from "../native/errno.ts";
import { errorText } from "../native/library.ts";

const WORDS = new Map([
  [CANCELED, "the run was stopped"],
  [CLOSED, "the peer closed the connection before the end of the test"],
  [PEER_DIED, "the peer died"],
  [TIMED_OUT, "the peer sent nothing before the deadline"],
  [MALFORMED, "the peer sent an invalid frame"],
]);

/** A call of a channel failed; `status` is one of errno.ts. */
export class ChannelError extends Error {
  override readonly name = "ChannelError";
  constructor(readonly status: number) {
    super(WORDS.get(status) ?? errorText(status));
  }
}

/** @throws ChannelError for a negative status */
export function expectSuccess(status: number): void {
  if (status < 0) throw new ChannelError(status);
}

/** The peer sent a whole frame that has no place in the exchange. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
}
