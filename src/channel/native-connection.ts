import { RunError } from "../cli/errors.ts";
import { ChannelError } from "../measure/failures.ts";
import type { LedgerFile } from "../measure/ledger.ts";
import { CANCELED, NOT_FOUND, PENDING, REFUSED } from "../native/errno.ts";
import { type Address, native } from "../native/library.ts";
import { BlockingChannel } from "./blocking.ts";
import {
  type Connection,
  type ConnectionSettings,
  connectionError,
  type Listener,
  nativeMechanismOf,
  openSession,
  readEffective,
} from "./connection.ts";
import { NativeAsyncChannel } from "./native-async.ts";

/** Between two looks for a peer that is not there yet; setting up is not measured. */
const RETRY_MS = 2;
const ACCEPT_SLICE_MS = 100;

function effectiveOf(session: Address) {
  return readEffective((effective) => native().session_effective(session, effective));
}

function connectionOf(settings: ConnectionSettings, session: Address): Connection {
  const channel =
    settings.mode === "blocking" ? new BlockingChannel(session) : new NativeAsyncChannel(session);
  return { channel, effective: effectiveOf(session) };
}

/** The server's end of a connection that the shim carries. @throws RunError */
export function listenNative(settings: ConnectionSettings, ledger: LedgerFile): Listener {
  const session = openSession(settings, ledger, nativeMechanismOf(settings.mechanism, settings.shmDirect));
  const status = native().session_listen(session);
  if (status < 0) {
    native().session_close(session);
    throw connectionError(settings, "listen at", status);
  }
  let isOwned = true;
  const accept = async (deadlineMs: number): Promise<Connection> => {
    const until = performance.now() + deadlineMs;
    for (;;) {
      const accepted = native().session_accept(session, settings.mode === "blocking" ? ACCEPT_SLICE_MS : 0);
      if (accepted === 0) break;
      if (accepted !== PENDING) throw connectionError(settings, "accept a client at", accepted);
      if (ledger.isStopping) throw new ChannelError(CANCELED);
      if (performance.now() > until) throw new RunError(`no client connected within ${deadlineMs} ms`);
      await Bun.sleep(RETRY_MS);
    }
    isOwned = false;
    return connectionOf(settings, session);
  };
  return {
    port: effectiveOf(session).port,
    accept,
    close: async () => {
      if (isOwned) native().session_close(session);
      isOwned = false;
    },
  };
}

/** The client's end; tries again until the deadline while there is no server. Rejects with a RunError. */
export async function connectNative(
  settings: ConnectionSettings,
  ledger: LedgerFile,
  deadlineMs: number,
): Promise<Connection> {
  const until = performance.now() + deadlineMs;
  for (;;) {
    const session = openSession(settings, ledger, nativeMechanismOf(settings.mechanism, settings.shmDirect));
    const status = native().session_connect(session);
    if (status === 0) return connectionOf(settings, session);
    native().session_close(session);
    const isEarly = status === NOT_FOUND || status === REFUSED;
    if (!isEarly || performance.now() > until) throw connectionError(settings, "connect to", status);
    if (ledger.isStopping) throw new ChannelError(CANCELED);
    await Bun.sleep(RETRY_MS);
  }
}
