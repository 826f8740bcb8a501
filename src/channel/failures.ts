import { CANCELED, CLOSED, MALFORMED, OTHER_KIND, PEER_DIED, TIMED_OUT } from "../native/errno.ts";
import { errorText } from "../native/library.ts";
import { RunError } from "../plan/errors.ts";
import type { ConnectionSettings } from "./settings.ts";

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

/** A step of setting up failed; `status` is one of errno.ts. */
export class ConnectionError extends RunError {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

/** In words; of shared memory there are two kinds. */
function setupReason({ mechanism, shmDirect }: ConnectionSettings, status: number): string {
  if (mechanism === "shm" && status === OTHER_KIND) {
    const [withIt, without] = shmDirect ? ["client", "server"] : ["server", "client"];
    return `the ${withIt} has --shm-direct, the ${without} does not`;
  }
  if (mechanism === "shm" && status === MALFORMED) return "the object there is not from a server of this version";
  return errorText(status);
}

/** One line for a step of setting up that failed with an error number. */
export function connectionError(settings: ConnectionSettings, step: string, status: number): ConnectionError {
  const at = settings.mechanism === "tcp" ? `${settings.endpoint}:${settings.port}` : settings.endpoint;
  return new ConnectionError(`can't ${step} ${settings.mechanism} ${at}: ${setupReason(settings, status)}`, status);
}
