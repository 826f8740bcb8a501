import { MALFORMED, OTHER_KIND } from "../native/errno.ts";
import { CHANNEL_EFFECTIVE } from "../native/layout.ts";
import { type Address, errorText } from "../native/library.ts";
import { StructView } from "../native/struct-view.ts";
import { RunError } from "../plan/errors.ts";
import type { Channel } from "./channel.ts";
import type { ConnectionSettings } from "./settings.ts";

/** What the kernel says of a connection, or the shim of its rings. */
export interface ConnectionEffective {
  readonly sendBufferBytes: number;
  readonly receiveBufferBytes: number;
  readonly queueDepth: number | null;
}

export interface Connection {
  readonly channel: Channel;
  /** The shim's end of it, through which another thread may take a blocking channel over. */
  readonly session: Address;
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

export function readEffective(
  fill: (effective: Uint8Array) => void,
): ConnectionEffective & { port: number; isLocal: boolean } {
  const effective = new StructView(CHANNEL_EFFECTIVE);
  fill(effective.bytes);
  return {
    sendBufferBytes: effective.getNumber("send_buffer_bytes"),
    receiveBufferBytes: effective.getNumber("receive_buffer_bytes"),
    queueDepth: effective.getNumber("queue_depth") || null,
    port: effective.getNumber("port"),
    isLocal: effective.getNumber("is_far") === 0,
  };
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
function reasonOf({ mechanism, shmDirect }: ConnectionSettings, status: number): string {
  if (mechanism === "shm" && status === OTHER_KIND) {
    const [withIt, without] = shmDirect ? ["client", "server"] : ["server", "client"];
    return `the ${withIt} has --shm-direct, the ${without} does not`;
  }
  if (mechanism === "shm" && status === MALFORMED)
    return "the object there is not from a server of this version";
  return errorText(status);
}

/** One line for a step of setting up that failed with an error number. */
export function connectionError(settings: ConnectionSettings, step: string, status: number): ConnectionError {
  const at = settings.mechanism === "tcp" ? `${settings.endpoint}:${settings.port}` : settings.endpoint;
  return new ConnectionError(
    `can't ${step} ${settings.mechanism} ${at}: ${reasonOf(settings, status)}`,
    status,
  );
}
