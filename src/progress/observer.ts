import type { Measurement } from "../measure/measurement.ts";
import type { LedgerFile } from "../native/ledger.ts";
import type { Mechanism, Mode, Test } from "../plan/run-plan.ts";

/** One launch of one test, as those see it who look on. */
export interface ObservedCell {
  /** From 1, in the order in which they run. */
  readonly number: number;
  /** Cells of the whole run. */
  readonly total: number;
  readonly mechanism: Mechanism;
  readonly mode: Mode;
  readonly test: Test;
  readonly messageBytes: number;
  /** From 1. */
  readonly launch: number;
  readonly launches: number;
  /** null: the duration decides. */
  readonly messageCount: number | null;
  readonly durationNs: number | null;
  /** Messages a second asked for; null without a schedule. */
  readonly ratePerSecond: number | null;
  /** Percentiles asked for, ascending. */
  readonly percentiles: readonly number[];
}

/**
 * Looks on while a run measures, from the orchestrator's event loop: it may read the ledger and the ring of records, and so
 * costs the roles nothing.
 */
export interface RunObserver {
  /** The roles are about to start. */
  cellStarts?(cell: ObservedCell, ledger: LedgerFile): void;
  /** The roles are gone; the ledger is closed once this resolves. Does not reject. */
  cellStops?(): Promise<void>;
  cellMeasured?(cell: ObservedCell, measurement: Measurement): void;
  /** A server that was started by hand: a client's test begins, others may be under way. */
  connectionStarts?(cell: ObservedCell, ledger: LedgerFile, slot: number, worker: number): void;
  /** It is over; nobody writes to its sheets until this resolves. Does not reject. */
  connectionStops?(ledger: LedgerFile, slot: number): Promise<void>;
}

/** The observers of a run as one. */
export interface RunWatch extends Required<RunObserver> {
  /** Records of single messages that a role may be ahead of their reader; 0: nobody reads them. */
  readonly ringCapacity: number;
}

/** Several observers as one; each is told in their order. */
export function allOf(observers: readonly RunObserver[]): Required<RunObserver> {
  return {
    cellStarts(cell, ledger) {
      for (const observer of observers) observer.cellStarts?.(cell, ledger);
    },
    async cellStops() {
      await Promise.all(observers.map((observer) => observer.cellStops?.()));
    },
    cellMeasured(cell, measurement) {
      for (const observer of observers) observer.cellMeasured?.(cell, measurement);
    },
    connectionStarts(...args) {
      for (const observer of observers) observer.connectionStarts?.(...args);
    },
    async connectionStops(ledger, slot) {
      await Promise.all(observers.map((observer) => observer.connectionStops?.(ledger, slot)));
    },
  };
}
