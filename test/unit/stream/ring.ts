/** A ledger in this process with records in its rings, as c/record/ledger.c would have pushed them. */
import { toArrayBuffer } from "bun:ffi";
import { LEDGER, LEDGER_FILE, SHARED_LINE_BYTES } from "../../../src/native/layout.ts";
import type { LedgerFile } from "../../../src/native/ledger.ts";

export interface TestRecord {
  readonly id: bigint;
  readonly sentNs: bigint;
  readonly serviceNs: bigint;
  readonly dueNs?: bigint;
}

const RECORD_BYTES = 32;

/** Where head, tail and records of a sheet's ring are, in 64-bit words (struct record_ring). */
function ringWords(ledger: LedgerFile, sheet: number) {
  const ringBytes = 2 * SHARED_LINE_BYTES + ledger.ringCapacity * RECORD_BYTES;
  const start = LEDGER_FILE.offsets.sheets + ledger.sheetCount * LEDGER.bytes + sheet * ringBytes;
  const words = new BigInt64Array(toArrayBuffer(ledger.address, start, ringBytes));
  return { words, tail: SHARED_LINE_BYTES / 8, records: (2 * SHARED_LINE_BYTES) / 8 };
}

export function pushRecords(ledger: LedgerFile, sheet: number, pushed: readonly TestRecord[]): void {
  const { words, tail, records } = ringWords(ledger, sheet);
  const head = words[0]!;
  if (head - words[tail]! + BigInt(pushed.length) > BigInt(ledger.ringCapacity)) throw new RangeError("full");
  for (const [i, { id, sentNs, serviceNs, dueNs = 0n }] of pushed.entries()) {
    const at = records + ((Number(head) + i) % ledger.ringCapacity) * (RECORD_BYTES / 8);
    words.set([id, sentNs, serviceNs, dueNs], at);
  }
  words[0] = head + BigInt(pushed.length);
}

/** What session_start notes on a client's sheet. */
export function setRealtimeOffset(ledger: LedgerFile, sheet: number, offsetNs: bigint): void {
  const at = LEDGER_FILE.offsets.sheets + sheet * LEDGER.bytes + LEDGER.offsets.realtime_offset_ns;
  new BigInt64Array(toArrayBuffer(ledger.address, at, 8))[0] = offsetNs;
}
