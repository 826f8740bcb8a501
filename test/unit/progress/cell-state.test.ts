/** What a look at a cell under way says, on a ledger whose owner goes on writing. */

import { toArrayBuffer } from "bun:ffi";
import { expect, test } from "bun:test";
import { DISTRIBUTION, LEDGER, LEDGER_FILE } from "../../../src/native/layout.ts";
import { CLIENT_SHEET, LedgerFile, SERVER_SHEET } from "../../../src/native/ledger.ts";
import { readCell } from "../../../src/progress/cell-state.ts";
import { bucketIndexOf } from "../../../src/stats/histogram.ts";

/** Writes a 64-bit word of a sheet. */
function store(ledger: LedgerFile, sheet: number, offset: number, value: bigint): void {
  const at = LEDGER_FILE.offsets.sheets + sheet * LEDGER.bytes + offset;
  new BigInt64Array(toArrayBuffer(ledger.address, at, 8))[0] = value;
}

/** Two samples of 5 ns and one of 7 lie in buckets; the counters say what the caller says. */
function script(
  ledger: LedgerFile,
  { counted, received, sent }: Record<"counted" | "received" | "sent", bigint>,
): void {
  const service = LEDGER.offsets.service;
  const bucket = (ns: number) => service + DISTRIBUTION.offsets.buckets + bucketIndexOf(ns) * 8;
  store(ledger, SERVER_SHEET, bucket(5), 2n);
  store(ledger, SERVER_SHEET, bucket(7), 1n);
  store(ledger, SERVER_SHEET, service + DISTRIBUTION.offsets.count, counted);
  store(ledger, SERVER_SHEET, LEDGER.offsets.received_count, received);
  store(ledger, CLIENT_SHEET, LEDGER.offsets.sent_count, sent);
  store(ledger, CLIENT_SHEET, LEDGER.offsets.first_send_ns, 1234n);
  store(ledger, CLIENT_SHEET, LEDGER.offsets.realtime_offset_ns, 1n);
}

function withLedger(check: (ledger: LedgerFile) => void): void {
  const ledger = LedgerFile.create(2);
  try {
    check(ledger);
  } finally {
    ledger.close();
  }
}

test("counts are those of the histogram that was read, whatever the counters say meanwhile", () => {
  withLedger((ledger) => {
    script(ledger, { counted: 36n, received: 15n, sent: 2n });
    const { state, latency } = readCell(ledger, "one-way", false);
    expect(latency.count).toBe(3n);
    expect(state).toMatchObject({ phase: "measuring", received: 3, sent: 3, firstSendNs: 1234n });
  });
});

test("where no latency is recorded the counter tells", () => {
  withLedger((ledger) => {
    store(ledger, SERVER_SHEET, LEDGER.offsets.received_count, 15n);
    store(ledger, CLIENT_SHEET, LEDGER.offsets.sent_count, 20n);
    expect(readCell(ledger, "one-way", false).state).toMatchObject({ received: 15, sent: 20, firstSendNs: null });
  });
});
