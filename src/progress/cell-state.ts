import { CLIENT_SHEET, type LedgerCounts, type LedgerFile, SERVER_SHEET } from "../native/ledger.ts";
import type { Test } from "../plan/run-plan.ts";
import { mergeSnapshots } from "../stats/histogram.ts";
import type { LatencySnapshot } from "../stats/snapshot.ts";

export type Phase = "starting" | "warm-up" | "measuring";

/** How far a cell is. */
export interface CellState {
  readonly phase: Phase;
  /** Warm-up messages handled by the client. */
  readonly warmup: number;
  readonly sent: number;
  /** One way: messages; round trip: replies. */
  readonly received: number;
  /** Waits for the reader of the records. */
  readonly stalls: number;
}

const SHEETS_OF_A_CLIENT = 2;

function sheetsOf(ledger: LedgerFile, offset: number): number[] {
  return Array.from(
    { length: ledger.sheetCount / SHEETS_OF_A_CLIENT },
    (_, client) => client * SHEETS_OF_A_CLIENT + offset,
  );
}

const receivingSheet = (test: Test) => (test === "one-way" ? SERVER_SHEET : CLIENT_SHEET);
const sum = (counts: readonly LedgerCounts[], field: "sent" | "received" | "warmup" | "stalls") =>
  counts.reduce((total, count) => total + count[field], 0);

/** Reads it from the ledger, which its owners go on writing: each figure is true, and they may be a message apart. */
export function readCellState(ledger: LedgerFile, test: Test): CellState {
  const clients = sheetsOf(ledger, CLIENT_SHEET).map((sheet) => ledger.counts(sheet));
  const receivers = sheetsOf(ledger, receivingSheet(test)).map((sheet) => ledger.counts(sheet));
  const warmup = sum(clients, "warmup");
  const isMeasuring = clients.some((client) => client.realtimeOffsetNs !== null);
  return {
    phase: isMeasuring ? "measuring" : warmup > 0 ? "warm-up" : "starting",
    warmup,
    sent: sum(clients, "sent"),
    received: sum(receivers, "received"),
    stalls: sum(receivers, "stalls"),
  };
}

/** The headline latency so far: with a schedule response time, else service time. */
export function readLatency(ledger: LedgerFile, test: Test, isScheduled: boolean): LatencySnapshot {
  const which = isScheduled ? "response" : "service";
  const parts = sheetsOf(ledger, receivingSheet(test)).map((sheet) => ledger.distribution(sheet, which));
  return parts.length === 1 ? parts[0]! : mergeSnapshots(parts);
}
