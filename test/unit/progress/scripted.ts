/** A ledger in this process, as a role would have written it. */
import { toArrayBuffer } from "bun:ffi";
import { DISTRIBUTION, LEDGER, LEDGER_FILE } from "../../../src/native/layout.ts";
import { CLIENT_SHEET, type LedgerFile, SERVER_SHEET } from "../../../src/native/ledger.ts";
import { bucketIndexOf } from "../../../src/stats/histogram.ts";

/** Writes a 64-bit word of a sheet. */
export function store(ledger: LedgerFile, sheet: number, offset: number, value: bigint): void {
  const at = LEDGER_FILE.offsets.sheets + sheet * LEDGER.bytes + offset;
  new BigInt64Array(toArrayBuffer(ledger.address, at, 8))[0] = value;
}

/** Two samples of 5 ns and one of 7 lie in buckets; the counters say what the caller says. */
export function scriptLedger(
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
