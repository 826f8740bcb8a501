import { BUSY, CANCELED, NOT_FOUND, PENDING, REFUSED } from "../native/errno.ts";
import type { LedgerFile } from "../native/ledger.ts";
import type { Address } from "../native/library.ts";
import { TASK } from "../native/numbers.ts";
import { Waiter } from "../native/waiter.ts";
import { RunError } from "../plan/errors.ts";
import type { Connection, ConnectionEnd, Listener } from "./connection.ts";
import { ChannelError, connectionError } from "./failures.ts";
import { NativeChannel } from "./native-channel.ts";
import { Session } from "./session.ts";
import { type ConnectionSettings, nativeMechanismOf } from "./settings.ts";
import { Waiters } from "./waiters.ts";

/** Between two looks for a peer that is not there yet; setting up is not measured. */
const RETRY_MS = 2;
const ACCEPT_SLICE_MS = 100;

function openSession(settings: ConnectionSettings, ledger: LedgerFile): Session {
  return Session.open(settings, ledger, nativeMechanismOf(settings.mechanism, settings.shmDirect));
}

function connectionOf({ mode }: ConnectionSettings, session: Session): Connection {
  const line = endOver(session, mode === "blocking" ? null : new Waiters(session.address));
  const effective = session.effective();
  return { ...line, effective, isLocal: effective.isLocal };
}

/** @param waiters wake the event loop; null: the session waits inside its calls */
export function endOver(session: Session, waiters: Waiters | null): ConnectionEnd {
  const close = async () => {
    await waiters?.close();
    session.close();
  };
  return { channel: new NativeChannel(session, waiters), session, close };
}

/** A blocking connection that another thread has made, which uses it no more. */
export function takeOverEnd(address: Address): ConnectionEnd {
  return endOver(new Session(address), null);
}

/** A session at which one client can knock. `before` has had its client; where it listened, this one does now. */
function openDoor(settings: ConnectionSettings, ledger: LedgerFile, before: Session | null): Session {
  const session = openSession(settings, ledger);
  const status = before === null ? session.listen() : session.listenAfter(before);
  if (status === 0) return session;
  session.close();
  throw connectionError(settings, "listen at", status);
}

/** Waits inside the shim, where nobody else needs this thread meanwhile. Rejects at the deadline, or when the run is to end. */
async function waitBlocking(
  settings: ConnectionSettings,
  ledger: LedgerFile,
  session: Session,
  ms: number,
): Promise<void> {
  for (const until = performance.now() + ms; ; await Bun.sleep(RETRY_MS)) {
    const status = session.accept(ACCEPT_SLICE_MS);
    if (status === 0) return;
    if (status !== PENDING) throw connectionError(settings, "accept a client at", status);
    if (ledger.isStopping) throw new ChannelError(CANCELED);
    if (performance.now() > until) throw nobodyCame(ms);
  }
}

/** The same, while the event loop goes on: a thread of the shim waits. `cancelled` ends it before its time. */
async function waitInEventLoop(
  settings: ConnectionSettings,
  session: Session,
  ms: number,
  cancelled: Promise<number>,
): Promise<void> {
  const waiter = new Waiter(session.address);
  const { promise, resolve } = Promise.withResolvers<number>();
  waiter.arm(TASK.client, resolve);
  const timer = Number.isFinite(ms) ? setTimeout(() => resolve(PENDING), ms) : undefined;
  const status = await Promise.race([promise, cancelled]);
  clearTimeout(timer);
  await waiter.close();
  if (status === PENDING) throw nobodyCame(ms);
  if (status === CANCELED) throw new ChannelError(CANCELED);
  if (status < 0) throw connectionError(settings, "accept a client at", status);
}

const nobodyCame = (ms: number) => new RunError(`no client connected within ${ms} ms`);

/** The server's end of connections that the shim carries. @throws RunError */
export function listenNative(settings: ConnectionSettings, ledger: LedgerFile, clientCount: number): Listener {
  let door: Session | null = openDoor(settings, ledger, null);
  const { port } = door.effective();
  const isAlone = settings.mode === "blocking" && clientCount === 1;
  const { promise: cancelled, resolve: cancel } = Promise.withResolvers<number>();
  let expected = clientCount;
  let waiting: Promise<void> = Promise.resolve();

  const nextDoor = (before: Session): Session | null => {
    try {
      return openDoor({ ...settings, port }, ledger, before);
    } catch {
      return null;
    }
  };
  const accept = async (deadlineMs: number): Promise<Connection> => {
    if (expected === 0) throw new RunError("no more clients are expected");
    // Where the last one could not move on, for want of memory, descriptors or room for queues, there may be some by now.
    door ??= openDoor({ ...settings, port }, ledger, null);
    const session = door;
    waiting = isAlone
      ? waitBlocking(settings, ledger, session, deadlineMs)
      : waitInEventLoop(settings, session, deadlineMs, cancelled);
    await waiting;
    door = null;
    expected--;
    if (expected > 0) door = nextDoor(session);
    return connectionOf(settings, session);
  };
  const close = async () => {
    cancel(CANCELED);
    await waiting.catch(() => {});
    door?.close();
    door = null;
  };
  return { port, accept, close };
}

/** The client's end; tries again until the deadline while there is no server. Rejects with a RunError. */
export async function connectNative(
  settings: ConnectionSettings,
  ledger: LedgerFile,
  deadlineMs: number,
): Promise<Connection> {
  const until = performance.now() + deadlineMs;
  for (;;) {
    const session = openSession(settings, ledger);
    const status = session.connect();
    if (status === 0) return connectionOf(settings, session);
    session.close();
    const isEarly = status === NOT_FOUND || status === REFUSED || status === BUSY;
    if (!isEarly || performance.now() > until) throw connectionError(settings, "connect to", status);
    if (ledger.isStopping) throw new ChannelError(CANCELED);
    await Bun.sleep(RETRY_MS);
  }
}
