import { existsSync } from "node:fs";
import type { Socket } from "bun";
import { CANCELED, EXISTS, NO_ADDRESS } from "../native/errno.ts";
import type { LedgerFile } from "../native/ledger.ts";
import { native } from "../native/library.ts";
import { MECHANISM } from "../native/numbers.ts";
import { RunError } from "../plan/errors.ts";
import type { Connection, Listener } from "./connection.ts";
import { readEffective } from "./effective.ts";
import { ChannelError, connectionError, placeText, type SetupStep } from "./failures.ts";
import { Session } from "./session.ts";
import { type ConnectionSettings, frameBytesOf } from "./settings.ts";
import { SocketChannel } from "./socket-channel.ts";

/** Only the owner may connect. */
const PRIVATE_UMASK = 0o177;
const LOOK_AROUND_MS = 50;
/** Connections that nobody has accepted yet; the event loop takes them in whether or not they are wanted. */
const MOST_WAITING = 128;
/** Between two looks for a server that is not there yet; setting up is not measured. */
const RETRY_MS = 2;

function openChannel(settings: ConnectionSettings, ledger: LedgerFile): SocketChannel {
  const session = Session.open(settings, ledger, MECHANISM.fed);
  session.connect();
  return new SocketChannel(session, {
    frameBytes: frameBytesOf(settings),
    silenceMs: settings.silenceMs,
    isStopping: () => ledger.isStopping,
  });
}

/** Bun's sockets have their descriptor as `fd`, which its types leave out. */
function descriptorOf(socket: object): number {
  const { fd } = socket as { fd?: number };
  if (fd === undefined || fd < 0) throw new RunError("this Bun does not tell a socket's descriptor");
  return fd;
}

function tune(socket: object, settings: ConnectionSettings) {
  const fd = descriptorOf(socket);
  native().socket_tune(fd, settings.bufferBytes ?? 0);
  return readEffective((effective) => native().socket_effective(fd, effective));
}

function attach(channel: SocketChannel, socket: Socket<SocketChannel>, settings: ConnectionSettings): Connection {
  channel.attach(socket);
  const effective = tune(socket, settings);
  const close = () => channel.close();
  return { channel, session: channel.session, close, effective, isLocal: effective.isLocal };
}

/** The server's end of a connection that has just come. */
async function takeIn(
  socket: Socket<SocketChannel>,
  settings: ConnectionSettings,
  ledger: LedgerFile,
): Promise<Connection> {
  let channel: SocketChannel | null = null;
  try {
    channel = openChannel(settings, ledger);
    return attach(channel, socket, settings);
  } catch (error) {
    socket.terminate();
    await channel?.close();
    throw error;
  }
}

/** Bun's own message says no more than that it failed, and for a host that has no address its error number is none of the system's. */
function worded(settings: ConnectionSettings, step: SetupStep, error: unknown): RunError {
  if (error instanceof RunError) return error;
  const { errno, code } = error as { errno?: unknown; code?: unknown };
  const message = error instanceof Error ? error.message.split("\n")[0]! : String(error);
  const isNameless = code === "ENOTFOUND" || (errno === undefined && message.startsWith(FAILED_TO_LISTEN));
  if (settings.mechanism === "tcp" && isNameless) return connectionError(settings, step, NO_ADDRESS);
  if (typeof errno === "number" && errno !== 0) return connectionError(settings, step, -Math.abs(errno));
  return new RunError(`can't ${step} ${settings.mechanism} ${placeText(settings)}: ${message}`);
}

/** With no error number where the name could not be resolved. */
const FAILED_TO_LISTEN = "Failed to listen at ";

/** Rejects at the deadline, and soon after the run is to be stopped. */
const withDeadline = <T>(promise: Promise<T>, ledger: LedgerFile, ms: number, reason: string): Promise<T> => {
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const lookAround = () => ledger.isStopping && reject(new ChannelError(CANCELED));
  const timer = Number.isFinite(ms) ? setTimeout(() => reject(new RunError(reason)), ms) : undefined;
  const watch = setInterval(lookAround, LOOK_AROUND_MS);
  return Promise.race([promise, ended]).finally(() => {
    clearTimeout(timer);
    clearInterval(watch);
  });
};

/** Connections on their way from the listening socket to whoever accepts them. */
class Arrivals {
  readonly #arrived: Promise<Connection>[] = [];
  #wanted: PromiseWithResolvers<Connection> | null = null;

  /** @param connection rejects where setting it up failed */
  add(connection: Promise<Connection>): void {
    connection.catch(() => {});
    if (this.#wanted === null) this.#arrived.push(connection);
    else this.#wanted.resolve(connection);
    this.#wanted = null;
  }

  /** Those that nobody has accepted yet. */
  get count(): number {
    return this.#arrived.length;
  }

  next(): Promise<Connection> {
    const first = this.#arrived.shift();
    if (first !== undefined) return first;
    // Whoever gave up on an earlier wait may want again.
    this.#wanted ??= Promise.withResolvers();
    this.#wanted.promise.catch(() => {});
    return this.#wanted.promise;
  }

  /** Nobody will accept any more. */
  async close(): Promise<void> {
    this.#wanted?.reject(new ChannelError(CANCELED));
    const arrived = await Promise.allSettled(this.#arrived.splice(0));
    const connections = arrived.filter((arrival) => arrival.status === "fulfilled");
    await Promise.all(connections.map(({ value }) => value.close()));
  }
}

type SocketHandlers = typeof SocketChannel.handlers & { open(socket: Socket<SocketChannel>): void };

function listenAt(settings: ConnectionSettings, socket: SocketHandlers) {
  const before = process.umask(PRIVATE_UMASK);
  try {
    if (settings.mechanism === "uds") {
      // Bun would take the path over from whoever listens there.
      if (existsSync(settings.endpoint)) throw connectionError(settings, "listen at", EXISTS);
      return Bun.listen<SocketChannel>({ unix: settings.endpoint, socket });
    }
    const { endpoint: hostname, port } = settings;
    return Bun.listen<SocketChannel>({ hostname, port, exclusive: true, socket });
  } catch (error) {
    throw worded(settings, "listen at", error);
  } finally {
    process.umask(before);
  }
}

/** The server's end on a listening socket of the event loop. @throws RunError */
export function listenSocket(settings: ConnectionSettings, ledger: LedgerFile, clientCount: number): Listener {
  const arrivals = new Arrivals();
  let expected = clientCount;
  const open = (opened: Socket<SocketChannel>) => {
    if (expected === 0 || arrivals.count >= MOST_WAITING) {
      opened.terminate();
      return;
    }
    expected--;
    arrivals.add(takeIn(opened, settings, ledger));
  };
  const listener = listenAt(settings, { ...SocketChannel.handlers, open });
  const late = (ms: number) => `no client connected within ${ms} ms`;
  return {
    port: "port" in listener ? listener.port : 0,
    accept: async (deadlineMs) => {
      const connection = await withDeadline(arrivals.next(), ledger, deadlineMs, late(deadlineMs));
      if (expected === 0) listener.stop();
      return connection;
    },
    close: async () => {
      listener.stop();
      await arrivals.close();
    },
  };
}

/** Nobody is there yet: the same two that native-connection.ts waits out. */
const isEarly = (error: unknown) => ["ENOENT", "ECONNREFUSED"].includes((error as { code?: string }).code ?? "");

function dial(settings: ConnectionSettings, channel: SocketChannel): Promise<Socket<SocketChannel>> {
  const socket = {
    ...SocketChannel.handlers,
    open: (opened: Socket<SocketChannel>) => channel.attach(opened),
  };
  return settings.mechanism === "uds"
    ? Bun.connect<SocketChannel>({ unix: settings.endpoint, socket, data: channel })
    : Bun.connect<SocketChannel>({
        hostname: settings.endpoint,
        port: settings.port,
        socket,
        data: channel,
      });
}

/** The client's end; tries again until the deadline while there is no server. Rejects with a RunError. */
export async function connectSocket(
  settings: ConnectionSettings,
  ledger: LedgerFile,
  deadlineMs: number,
): Promise<Connection> {
  const channel = openChannel(settings, ledger);
  const until = performance.now() + deadlineMs;
  for (;;) {
    try {
      const leftMs = Math.max(0, until - performance.now());
      const connecting = dial(settings, channel);
      const opened = await withDeadline(connecting, ledger, leftMs, `no answer within ${deadlineMs} ms`);
      return attach(channel, opened, settings);
    } catch (error) {
      if (isEarly(error) && performance.now() < until && !ledger.isStopping) {
        await Bun.sleep(RETRY_MS);
        continue;
      }
      await channel.close();
      throw error instanceof RunError || error instanceof ChannelError ? error : worded(settings, "connect to", error);
    }
  }
}
