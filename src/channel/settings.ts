import type { ArrivalKind, ArrivalPlan, Mechanism, Mode, WaitKind } from "../plan/run-plan.ts";

/** Longest text of a note, in bytes; see NOTE_BYTES in c/session.h. */
export const NOTE_BYTES = 512;

/** Bytes of a frame beyond its payload; see c/frame.h. */
const FRAME_OVERHEAD = 32;

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

/** As c/channel.h numbers them. */
export const NATIVE_MECHANISM = { uds: 0, tcp: 1, shm: 2, shmDirect: 3, pmq: 4, fed: 5, null: 6 } as const;

const NATIVE_ARRIVAL: Readonly<Record<ArrivalKind, number>> = { constant: 0, poisson: 1, burst: 2 };

/** A schedule in the units of c/session.h. */
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
