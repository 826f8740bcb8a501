import { RunError } from "../cli/errors.ts";
import type { ArrivalKind, ArrivalPlan, Mechanism, Mode, WaitKind } from "../cli/plan.ts";
import type { LedgerFile } from "../measure/ledger.ts";
import { MALFORMED, OTHER_KIND } from "../native/errno.ts";
import { CHANNEL_EFFECTIVE, CHANNEL_SETTINGS, SESSION_SETTINGS } from "../native/layout.ts";
import { type Address, addressOf, errorText, native } from "../native/library.ts";
import { StructView } from "../native/struct-view.ts";
import { type Channel, NOTE_BYTES } from "./channel.ts";

/** What a connection is made of, on either side. */
export interface ConnectionSettings {
  readonly mechanism: Mechanism;
  readonly mode: Mode;
  readonly shmDirect: boolean;
  readonly endpoint: string;
  readonly port: number;
  readonly messageBytes: number;
  readonly replyBytes: number;
  /** null: the caller counts. */
  readonly durationNs: number | null;
  /** The schedule that both sides compute; null: closed loop. */
  readonly arrival: ArrivalPlan | null;
  readonly seed: number;
  readonly bufferBytes: number | null;
  readonly wait: WaitKind;
  readonly spinNs: number;
  readonly silenceMs: number;
  readonly pmqPriority: number;
  /** Messages of a queue at most; null: as many as the limits allow. */
  readonly queueDepth: number | null;
  readonly sheet: number;
  /** null: the peer keeps its ledger elsewhere. */
  readonly peerSheet: number | null;
  /** The peer is another tool: neither its ids nor its payloads are checked. */
  readonly trustsPeer?: boolean;
  /** Stamps of the peer mean nothing here, so there is no one-way latency. */
  readonly clocksDiffer?: boolean;
}

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

/** Bytes of a frame beyond its payload; see c/message/frame.h. */
const FRAME_OVERHEAD = 32;
const NO_SHEET = 0xffffffff;

/** As c/mechanism/channel.h numbers them. */
export const NATIVE_MECHANISM = { uds: 0, tcp: 1, shm: 2, shmDirect: 3, pmq: 4, fed: 5, null: 6 } as const;
const NATIVE_WAIT: Readonly<Record<WaitKind, number>> = { block: 0, spin: 1, hybrid: 2 };

const NATIVE_ARRIVAL: Readonly<Record<ArrivalKind, number>> = { constant: 0, poisson: 1, burst: 2 };

/** A schedule in the units of c/session/setup.h. */
export function nativeArrival(arrival: ArrivalPlan | null) {
  return {
    rateMicrohertz: Math.round((arrival?.ratePerSecond ?? 0) * 1e6),
    kind: NATIVE_ARRIVAL[arrival?.kind ?? "constant"],
    burst: arrival?.burst ?? 1,
  };
}

/** Largest frame of a connection: its messages, or the notes that every connection has room for. */
export function frameBytesOf(settings: ConnectionSettings): number {
  return Math.max(settings.messageBytes, NOTE_BYTES) + FRAME_OVERHEAD;
}

export function nativeMechanismOf(mechanism: Mechanism, shmDirect: boolean): number {
  return mechanism === "shm" && shmDirect ? NATIVE_MECHANISM.shmDirect : NATIVE_MECHANISM[mechanism];
}

function sessionSettings(settings: ConnectionSettings, mechanism: number) {
  const session = new StructView(SESSION_SETTINGS);
  const channel = session.nested("channel", CHANNEL_SETTINGS);
  channel.set("mechanism", mechanism);
  channel.set("wait", NATIVE_WAIT[settings.wait]);
  channel.set("spin_ns", settings.spinNs);
  channel.set("silence_ns", BigInt(settings.silenceMs) * 1_000_000n);
  channel.set("buffer_bytes", settings.bufferBytes ?? 0);
  channel.set("port", settings.port);
  channel.set("priority", settings.pmqPriority);
  channel.set("queue_depth", settings.queueDepth ?? 0);
  channel.setText("endpoint", settings.endpoint);
  session.set("payload_bytes", settings.messageBytes);
  session.set("reply_payload_bytes", settings.replyBytes);
  session.set("duration_ns", settings.durationNs ?? 0);
  const { rateMicrohertz, kind, burst } = nativeArrival(settings.arrival);
  session.set("rate_microhertz", rateMicrohertz);
  session.set("arrival", kind);
  session.set("burst", burst);
  session.set("seed", settings.seed);
  session.set("blocking", settings.mode === "blocking" ? 1 : 0);
  session.set("sheet", settings.sheet);
  session.set("peer_sheet", settings.peerSheet ?? NO_SHEET);
  session.set("trusts_peer", settings.trustsPeer ? 1 : 0);
  session.set("clocks_differ", settings.clocksDiffer ? 1 : 0);
  return session;
}

/**
 * Opens a session of the shim, not yet connected.
 * @throws RunError
 */
export function openSession(settings: ConnectionSettings, ledger: LedgerFile, mechanism: number): Address {
  const session = sessionSettings(settings, mechanism);
  const address = addressOf(native().session_open(session.bytes, ledger.address));
  if (address === null) throw connectionError(settings, "open", session.getNumber("error"));
  return address;
}

/** Makes an open session measure by these settings' terms; where the peers meet stays as it is. 0 or an error of errno.ts. */
export function agreeOn(session: Address, settings: ConnectionSettings): number {
  return native().session_agree(session, sessionSettings(settings, 0).bytes);
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
    return `the ${withIt} has --shm-direct, the ${without} has not`;
  }
  if (mechanism === "shm" && status === MALFORMED)
    return "what is there is no server's, or another version's";
  return errorText(status);
}

/** One line for a step of setting up that failed with an error number. */
export function connectionError(settings: ConnectionSettings, step: string, status: number): ConnectionError {
  const at = settings.mechanism === "tcp" ? `${settings.endpoint}:${settings.port}` : settings.endpoint;
  return new ConnectionError(
    `${settings.mechanism}: can't ${step} ${at}: ${reasonOf(settings, status)}`,
    status,
  );
}
