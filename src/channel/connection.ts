import type { Channel } from "./channel.ts";
import type { ConnectionEffective } from "./effective.ts";
import type { Session } from "./session.ts";

/** One end of a connection. */
export interface ConnectionEnd {
  /** For the measuring loops. */
  readonly channel: Channel;
  /** For whoever sets it up. */
  readonly session: Session;
  /** Ends the connection and frees everything; names included. */
  close(): Promise<void>;
}

/** One that has just been made. */
export interface Connection extends ConnectionEnd {
  readonly effective: ConnectionEffective;
  /** The peer runs on this kernel, as far as the connection tells. */
  readonly isLocal: boolean;
}

/** The server's end before a client is there. */
export interface Listener {
  /** The port listened on; 0 where there is none. */
  readonly port: number;
  /**
   * The next client, of as many as were to be expected. Not while another call is under way. Rejects with a RunError at the
   * deadline; one may go on accepting then.
   */
  accept(deadlineMs: number): Promise<Connection>;
  /** Takes no more clients, and frees what accept has not handed over. */
  close(): Promise<void>;
}
