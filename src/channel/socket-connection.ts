import { existsSync } from "node:fs";
import type { Socket } from "bun";
import { RunError } from "../cli/errors.ts";
import { ChannelError } from "../measure/failures.ts";
import type { LedgerFile } from "../measure/ledger.ts";
import { CANCELED } from "../native/errno.ts";
import { errorText, native } from "../native/library.ts";
import {
  type Connection,
  type ConnectionEffective,
  type ConnectionSettings,
  frameBytesOf,
  type Listener,
  NATIVE_MECHANISM,
  openSession,
  readEffective,
} from "./connection.ts";
import { SocketChannel } from "./socket.ts";

/** Only the owner may connect. */
const PRIVATE_UMASK = 0o177;
const LOOK_AROUND_MS = 50;
/** Between two looks for a server that is not there yet; setting up is not measured. */
const RETRY_MS = 2;

function openChannel(settings: ConnectionSettings, ledger: LedgerFile): SocketChannel {
  const session = openSession(settings, ledger, NATIVE_MECHANISM.fed);
  native().session_connect(session);
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

function tune(socket: object, settings: ConnectionSettings): ConnectionEffective {
  const fd = descriptorOf(socket);
  native().socket_tune(fd, settings.bufferBytes ?? 0);
  return readEffective((effective) => native().socket_effective(fd, effective));
}

function attach(
  channel: SocketChannel,
  socket: Socket<SocketChannel>,
  settings: ConnectionSettings,
): Connection {
  channel.attach(socket);
  return { channel, effective: tune(socket, settings) };
}

function worded(settings: ConnectionSettings, step: string, error: unknown): RunError {
  const at = settings.mechanism === "tcp" ? `${settings.endpoint}:${settings.port}` : settings.endpoint;
  // Bun's own message says no more than that it failed.
  const { errno } = error as { errno?: unknown };
  const reason =
    typeof errno === "number" && errno !== 0
      ? errorText(errno)
      : error instanceof Error
        ? error.message.split("\n")[0]
        : String(error);
  return new RunError(`${settings.mechanism}: can't ${step} ${at}: ${reason}`);
}

/** Rejects at the deadline, and soon after the run is to be stopped. */
const withDeadline = <T>(promise: Promise<T>, ledger: LedgerFile, ms: number, reason: string): Promise<T> => {
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const lookAround = () => ledger.isStopping && reject(new ChannelError(CANCELED));
  const timer = setTimeout(() => reject(new RunError(reason)), ms);
  const watch = setInterval(lookAround, LOOK_AROUND_MS);
  return Promise.race([promise, ended]).finally(() => {
    clearTimeout(timer);
    clearInterval(watch);
  });
};

/** The server's end on a listening socket of the event loop. @throws RunError */
export function listenSocket(settings: ConnectionSettings, ledger: LedgerFile): Listener {
  const client = Promise.withResolvers<Connection>();
  client.promise.catch(() => {});
  let channel: SocketChannel | null = openChannel(settings, ledger);
  const socket = {
    ...SocketChannel.handlers,
    open: (opened: Socket<SocketChannel>) => {
      if (channel === null) {
        opened.terminate();
        return;
      }
      const accepted = channel;
      channel = null;
      try {
        client.resolve(attach(accepted, opened, settings));
      } catch (error) {
        client.reject(error);
      }
    },
  };
  const before = process.umask(PRIVATE_UMASK);
  let listener: { stop(force?: boolean): void; port?: number };
  try {
    if (settings.mechanism === "uds") {
      // Bun would take the path over from whoever listens there.
      if (existsSync(settings.endpoint)) throw new Error("the path exists already");
      listener = Bun.listen<SocketChannel>({ unix: settings.endpoint, socket });
    } else {
      listener = Bun.listen<SocketChannel>({
        hostname: settings.endpoint,
        port: settings.port,
        exclusive: true,
        socket,
      });
    }
  } catch (error) {
    void channel?.close();
    throw worded(settings, "listen at", error);
  } finally {
    process.umask(before);
  }
  return {
    port: listener.port ?? 0,
    accept: async (deadlineMs) => {
      const connection = await withDeadline(
        client.promise,
        ledger,
        deadlineMs,
        `no client connected within ${deadlineMs} ms`,
      );
      listener.stop();
      return connection;
    },
    close: async () => {
      listener.stop();
      await channel?.close();
    },
  };
}

/** Nobody is there yet: the same two that native-connection.ts waits out. */
const isEarly = (error: unknown) =>
  ["ENOENT", "ECONNREFUSED"].includes((error as { code?: string }).code ?? "");

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
      throw error instanceof RunError || error instanceof ChannelError
        ? error
        : worded(settings, "connect to", error);
    }
  }
}
