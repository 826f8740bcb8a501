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
  /** CLOCK_MONOTONIC; null: no measured message has gone yet. */
  readonly firstSendNs: bigint | null;
}

/** How far a cell is and its latency so far, of one moment: they do not contradict each other. */
export interface CellReading {
  readonly state: CellState;
  readonly latency: LatencySnapshot;
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

/** Reads it from the ledger, which its owners go on writing: each figure is true, and they may be some messages apart. */
function readCellState(ledger: LedgerFile, test: Test): CellState {
  const clients = sheetsOf(ledger, CLIENT_SHEET).map((sheet) => ledger.counts(sheet));
  const receivers = sheetsOf(ledger, receivingSheet(test)).map((sheet) => ledger.counts(sheet));
  const warmup = sum(clients, "warmup");
  const firstSends = clients.map(({ firstSendNs }) => firstSendNs).filter((moment) => moment !== null);
  const isMeasuring = clients.some((client) => client.realtimeOffsetNs !== null);
  return {
    phase: isMeasuring ? "measuring" : warmup > 0 ? "warm-up" : "starting",
    warmup,
    sent: sum(clients, "sent"),
    received: sum(receivers, "received"),
    stalls: sum(receivers, "stalls"),
    firstSendNs: firstSends.reduce<bigint | null>((least, one) => (least === null || one < least ? one : least), null),
  };
}

/** The headline latency so far: with a schedule response time, else service time. */
function readLatency(ledger: LedgerFile, test: Test, isScheduled: boolean): LatencySnapshot {
  const which = isScheduled ? "response" : "service";
  const parts = sheetsOf(ledger, receivingSheet(test)).map((sheet) => ledger.distribution(sheet, which));
  return asOfBuckets(parts.length === 1 ? parts[0]! : mergeSnapshots(parts));
}

/** Its count as its buckets have it: the counter is read after them, and messages have come since. */
function asOfBuckets(latency: LatencySnapshot): LatencySnapshot {
  // Most buckets are empty; to see that in halves makes no BigInt.
  const { buffer, byteOffset, length } = latency.bucketCounts;
  const halves = new Uint32Array(buffer, byteOffset, 2 * length);
  let count = latency.overflowCount;
  for (let index = 0; index < length; index++) {
    if ((halves[2 * index]! | halves[2 * index + 1]!) !== 0) count += latency.bucketCounts[index]!;
  }
  return { ...latency, count };
}

/**
 * Looks at a cell under way. What was received is what the histogram holds, and it was sent before. Where nothing is recorded
 * (the peers' clocks differ), the counter alone tells.
 */
export function readCell(ledger: LedgerFile, test: Test, isScheduled: boolean): CellReading {
  const before = readCellState(ledger, test);
  const latency = readLatency(ledger, test, isScheduled);
  const after = readCellState(ledger, test);
  const received = latency.count === 0n ? before.received : Number(latency.count);
  return { state: { ...after, received, sent: Math.max(received, after.sent) }, latency };
}
