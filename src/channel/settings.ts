import { ARRIVAL, FRAME_OVERHEAD, MECHANISM, NOTE_BYTES } from "../native/numbers.ts";
import type { ArrivalPlan, Mechanism, Mode, WaitKind } from "../plan/run-plan.ts";

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
  /** This side asks; the stamps of what it has under way are kept. */
  readonly sendsRequests?: boolean;
}

/** A schedule in the units of c/session/setup.h. */
export function nativeArrival(arrival: ArrivalPlan | null) {
  return {
    rateMicrohertz: Math.round((arrival?.ratePerSecond ?? 0) * 1e6),
    kind: ARRIVAL[arrival?.kind ?? "constant"],
    burst: arrival?.burst ?? 1,
  };
}

/** Largest frame of a connection: its messages, or the notes that every connection has room for. */
export function frameBytesOf(settings: ConnectionSettings): number {
  return Math.max(settings.messageBytes, NOTE_BYTES) + FRAME_OVERHEAD;
}

export function nativeMechanismOf(mechanism: Mechanism, shmDirect: boolean): number {
  return mechanism === "shm" && shmDirect ? MECHANISM.shmDirect : MECHANISM[mechanism];
}
