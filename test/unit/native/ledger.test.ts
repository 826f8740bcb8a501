import { type Pointer, toArrayBuffer } from "bun:ffi";
import { afterAll, describe, expect, test } from "bun:test";
import { closeSync, openSync } from "node:fs";
import { DISTRIBUTION, LEDGER, LEDGER_FILE } from "../../../src/native/layout.ts";
import { bitNumbers, LedgerFile } from "../../../src/native/ledger.ts";
import { HISTOGRAM_COUNTS } from "../../../src/native/numbers.ts";
import { StructView } from "../../../src/native/struct-view.ts";

/** A sheet as the shim sees it: the same memory, by its address. */
function sheetOf(file: LedgerFile, index: number) {
  const memory = toArrayBuffer(file.address as Pointer, 0, LEDGER_FILE.offsets.sheets + (index + 1) * LEDGER.bytes);
  return new StructView(LEDGER, memory, LEDGER_FILE.offsets.sheets + index * LEDGER.bytes);
}

const COUNTERS = {
  sent: "sent_count",
  received: "received_count",
  duplicated: "duplicated_count",
  reordered: "reordered_count",
  corrupt: "corrupt_count",
  warmup: "warmup_count",
  roomWaits: "room_wait_count",
  roomWaitNs: "room_wait_ns",
  sameCpu: "same_cpu_count",
  migrations: "migration_count",
} as const;
const NAMES = Object.keys(COUNTERS) as (keyof typeof COUNTERS)[];

describe("numbers of set bits", () => {
  test.each([
    [[], []],
    [[0n], []],
    [[1n], [0]],
    [[0b1011n], [0, 1, 3]],
    [[1n << 63n], [63]],
    [[0n, 1n], [64]],
    [
      [(1n << 63n) | 1n, 0n, 1n << 5n],
      [0, 63, 133],
    ],
  ] as const)("of %p are %p", (words, numbers) => {
    expect(bitNumbers(BigUint64Array.from(words))).toEqual([...numbers]);
  });

  test("of full words are all of them", () => {
    const all = BigUint64Array.from({ length: 16 }, () => 2n ** 64n - 1n);
    expect(bitNumbers(all)).toEqual(Array.from({ length: 1024 }, (_, i) => i));
  });
});

describe("counters", () => {
  test("of a new ledger are zero, and times are not there yet", () => {
    const counts = LedgerFile.private(2).counts(1);
    for (const name of NAMES) expect(counts[name]).toBe(0);
    expect(counts.firstSendNs).toBeNull();
    expect(counts.lastReceiveNs).toBeNull();
    expect(counts.realtimeOffsetNs).toBeNull();
    expect(counts.usedCpus).toEqual([]);
  });

  test.each([2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 2 ** 40 + 7, 2 ** 53 - 1])("of %d are exact", (count) => {
    const file = LedgerFile.private(2);
    for (const [i, name] of NAMES.entries()) sheetOf(file, 1).set(COUNTERS[name], BigInt(count) - BigInt(i));
    const counts = file.counts(1);
    for (const [i, name] of NAMES.entries()) expect(counts[name]).toBe(count - i);
    for (const name of NAMES) expect(file.counts(0)[name]).toBe(0);
  });

  test("beyond 2^53 are refused instead of rounded", () => {
    const file = LedgerFile.private(1);
    sheetOf(file, 0).set("sent_count", 2n ** 53n);
    expect(() => file.counts(0)).toThrow("ledger.sent_count is beyond 2^53");
  });

  test("of times are exact at any size and sign", () => {
    const file = LedgerFile.private(1);
    const sheet = sheetOf(file, 0);
    sheet.set("first_send_ns", 2n ** 62n + 1n);
    sheet.set("last_receive_ns", 2n ** 63n - 1n);
    sheet.set("realtime_offset_ns", -5n);
    expect(file.counts(0)).toMatchObject({
      firstSendNs: 2n ** 62n + 1n,
      lastReceiveNs: 2n ** 63n - 1n,
      realtimeOffsetNs: -5n,
    });
  });

  test("add up to a progress that moves with any side", () => {
    const file = LedgerFile.private(3);
    expect(file.progress()).toBe(0n);
    let last = 0n;
    for (const index of [0, 1, 2]) {
      for (const field of ["sent_count", "received_count", "warmup_count"] as const) {
        sheetOf(file, index).set(field, 2n ** 63n);
        expect(file.progress()).toBeGreaterThan(last);
        last = file.progress();
      }
    }
  });
});

describe.each(["service", "response", "lateness"] as const)("the %s distribution", (which) => {
  test("keeps sums beyond 2^64 and counts beyond 2^53 exact", () => {
    const file = LedgerFile.private(2);
    const distribution = sheetOf(file, 1).nested(which, DISTRIBUTION);
    distribution.set("count", 2n ** 53n + 1n);
    distribution.set("min_ns", 1n);
    distribution.set("max_ns", 2n ** 64n - 1n);
    distribution.set("sum_ns", 2n ** 64n - 3n);
    distribution.set("sum_of_squares_low", 5n);
    distribution.set("sum_of_squares_high", 2n ** 63n);
    distribution.set("overflow_count", 2n ** 32n + 9n);
    expect(file.distribution(1, which)).toMatchObject({
      count: 2n ** 53n + 1n,
      minNs: 1n,
      maxNs: 2n ** 64n - 1n,
      sumNs: 2n ** 64n - 3n,
      sumOfSquaresNs2: 2n ** 127n + 5n,
      overflowCount: 2n ** 32n + 9n,
    });
    expect(file.distribution(0, which).count).toBe(0n);
  });

  test("has its own buckets, first to last", () => {
    const file = LedgerFile.private(1);
    const offset = LEDGER_FILE.offsets.sheets + LEDGER.offsets[which] + DISTRIBUTION.offsets.buckets;
    const memory = toArrayBuffer(file.address as Pointer, 0, offset + HISTOGRAM_COUNTS * 8);
    const buckets = new BigUint64Array(memory, offset, HISTOGRAM_COUNTS);
    buckets[0] = 2n ** 32n;
    buckets[HISTOGRAM_COUNTS - 1] = 2n ** 53n + 1n;
    const { bucketCounts } = file.distribution(0, which);
    expect(bucketCounts).toHaveLength(HISTOGRAM_COUNTS);
    expect([bucketCounts[0], bucketCounts[1], bucketCounts.at(-1)]).toEqual([2n ** 32n, 0n, 2n ** 53n + 1n]);
  });
});

describe("the file", () => {
  const opened: number[] = [];
  afterAll(() => {
    for (const fd of opened) closeSync(fd);
  });

  test("is one memory for all who inherit it", () => {
    const ours = LedgerFile.create(2);
    const theirs = LedgerFile.inherit(openSync(`/proc/self/fd/${ours.fd}`, "r+"));
    sheetOf(ours, 1).set("sent_count", 7n);
    expect(theirs.counts(1).sent).toBe(7);
    expect(theirs.isStopping).toBe(false);
    ours.requestStop();
    expect(theirs.isStopping).toBe(true);
    theirs.close();
    ours.close();
  });

  test("that is none is refused in words", () => {
    const fd = openSync("/dev/null", "r+");
    opened.push(fd);
    expect(() => LedgerFile.inherit(fd)).toThrow(/^the shared memory for the results can't be used: /);
    expect(() => LedgerFile.inherit(9999)).toThrow("Bad file descriptor");
  });
});
