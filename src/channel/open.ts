import type { LedgerFile } from "../native/ledger.ts";
import type { Connection, Listener } from "./connection.ts";
import { connectNative, listenNative } from "./native-connection.ts";
import type { ConnectionSettings } from "./settings.ts";
import { connectSocket, listenSocket } from "./socket-connection.ts";

/** Whether the event loop's own sockets carry the bytes; the shim carries all the rest. */
function usesEventLoopSockets({ mode, mechanism }: ConnectionSettings): boolean {
  return mode === "async" && (mechanism === "uds" || mechanism === "tcp");
}

/**
 * The server's end.
 * @param clientCount how many clients may come, one after the other or at once; Infinity: as long as the listener is open
 * @throws RunError
 */
export function listen(settings: ConnectionSettings, ledger: LedgerFile, clientCount = 1): Listener {
  return (usesEventLoopSockets(settings) ? listenSocket : listenNative)(settings, ledger, clientCount);
}

/** The client's end. Rejects with a RunError. */
export function connect(settings: ConnectionSettings, ledger: LedgerFile, deadlineMs: number): Promise<Connection> {
  return (usesEventLoopSockets(settings) ? connectSocket : connectNative)(settings, ledger, deadlineMs);
}
