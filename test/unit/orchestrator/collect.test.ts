import { expect, test } from "bun:test";
import { LedgerFile } from "../../../src/native/ledger.ts";
import { rates, unrecorded } from "../../../src/orchestrator/collect.ts";

test("messages without a latency are a fault where there should be one", () => {
  const counts = { sent: 5, received: 5, lost: 0, duplicated: 0, reordered: 0, corrupt: 0 };
  expect(unrecorded(counts, 5n)).toBeNull();
  expect(unrecorded(counts, null)).toBeNull();
  expect(unrecorded(counts, 3n)).toBe("3 of 5 messages were recorded: the others have an impossible time or id");
});

/** 101 messages, due each 100 us from 1 s on. */
function paced(firstSendNs: bigint, lastSendNs: bigint) {
  const file = LedgerFile.private(2);
  const sheet = file.sheet(0);
  sheet.set("sent_count", 101);
  sheet.set("first_send_ns", firstSendNs);
  sheet.set("last_send_ns", lastSendNs);
  sheet.set("schedule_start_ns", 1_000_000_000n);
  sheet.set("scheduled_span_ns", 10_000_000n);
  return rates(file.counts(0));
}

test("a first message that goes late does not raise the rate", () => {
  const scheduled = { scheduledRatePerSecond: 10_000 };
  expect(paced(1_000_000_000n, 1_010_000_000n)).toEqual({ achievedRatePerSecond: 10_000, ...scheduled });
  expect(paced(1_005_000_000n, 1_010_000_000n)).toEqual({ achievedRatePerSecond: 10_000, ...scheduled });
  expect(paced(1_005_000_000n, 1_020_000_000n)).toEqual({ achievedRatePerSecond: 5000, ...scheduled });
});
