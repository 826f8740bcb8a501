import { statSync } from "node:fs";
import * as errno from "../native/errno.ts";
import { errorText } from "../native/library.ts";
import { RunError } from "../plan/errors.ts";
import type { Mechanism } from "../plan/run-plan.ts";
import { quote } from "../text/quote.ts";
import type { ConnectionSettings } from "./settings.ts";

const WORDS = new Map([
  [errno.CANCELED, "the run was stopped"],
  [errno.CLOSED, "the peer closed the connection before the end of the test"],
  [errno.PEER_DIED, "the peer died"],
  [errno.TIMED_OUT, "the peer sent nothing before the deadline"],
  [errno.MALFORMED, "the peer sent an invalid frame"],
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

type Place = Pick<ConnectionSettings, "mechanism" | "shmDirect" | "endpoint" | "port">;
export type SetupStep = "open" | "listen at" | "connect to" | "accept a client at";

/** The flag that says where a server is. */
export const PLACE_FLAGS: Readonly<Record<Mechanism, string>> = {
  ...{ uds: "--socket-path", tcp: "--port", shm: "--shared-memory-name", pmq: "--message-queue-name" },
};

/** Where a server is, as messages show it; port 0 is any. */
export function placeText({ mechanism, endpoint, port }: Place): string {
  return mechanism === "tcp" && port !== 0 ? `${endpoint}:${port}` : endpoint;
}

/** In words, with what to do about it; of shared memory there are two kinds. */
export function setupReason({ mechanism, shmDirect, endpoint }: Place, step: SetupStep, status: number): string {
  const flag = PLACE_FLAGS[mechanism];
  const isListening = step === "listen at";
  if (mechanism === "shm" && status === errno.OTHER_KIND) {
    const [withIt, without] = shmDirect ? ["client", "server"] : ["server", "client"];
    return `the ${withIt} has --shm-direct, the ${without} does not (give it to both or to none)`;
  }
  if (mechanism === "shm" && status === errno.MALFORMED) return "the object there is not from a server of this version";
  if ([errno.NOT_PERMITTED, errno.DENIED].includes(status)) {
    return `${errorText(status)} (${isListening ? `choose another ${flag}` : "run both sides as one user"})`;
  }
  if (mechanism === "tcp" && isListening && status === errno.ADDRESS_IN_USE)
    return `${errorText(status)} (choose another ${flag})`;
  if (isListening && [errno.ADDRESS_IN_USE, errno.EXISTS].includes(status)) {
    const isDirectory = mechanism === "uds" && statSync(endpoint, { throwIfNoEntry: false })?.isDirectory();
    if (isDirectory) return `it is a directory (name a file with ${flag})`;
    return `the ${mechanism === "uds" ? "path" : "name"} already exists (remove it, or choose another ${flag})`;
  }
  const isLost = isListening && mechanism === "uds" && status === errno.NOT_FOUND;
  return `${errorText(status)}${isLost ? ` (create the directory, or choose another ${flag})` : ""}`;
}

/** One line for a step of setting up that failed with an error number. */
export function connectionError(settings: Place, step: SetupStep, status: number): ConnectionError {
  if (settings.mechanism === "tcp" && status === errno.NO_ADDRESS) {
    const where = step === "listen at" ? " on this machine" : "";
    return new ConnectionError(`host ${quote(settings.endpoint)} has no address${where} (check --host)`, status);
  }
  const reason = setupReason(settings, step, status);
  return new ConnectionError(`can't ${step} ${settings.mechanism} ${placeText(settings)}: ${reason}`, status);
}
