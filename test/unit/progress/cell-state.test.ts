/** What a look at a cell under way says, on a ledger whose owner goes on writing. */

import { expect, test } from "bun:test";
import { LEDGER } from "../../../src/native/layout.ts";
import { CLIENT_SHEET, LedgerFile, SERVER_SHEET } from "../../../src/native/ledger.ts";
import { readCell } from "../../../src/progress/cell-state.ts";
import { scriptLedger, store } from "./scripted.ts";

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
    scriptLedger(ledger, { counted: 36n, received: 15n, sent: 2n });
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
