import { describe, expect, test } from "bun:test";
import { seededRandom } from "../../../src/plan/random.ts";
import {
  excursionsBeyond,
  excursionsNeeded,
  hasExcursionsBeyond,
  hasSamplesBeyond,
  isBacked,
  samplesBeyond,
} from "../../../src/stats/backing.ts";
import { mergeSnapshots } from "../../../src/stats/histogram.ts";
import { seriesOf, snapshotOf } from "../../snapshot-of.ts";

describe("samples beyond a percentile", () => {
  test("p99 needs a thousand samples, p99.9 ten thousand, and so does p0.1", () => {
    const isEnough = hasSamplesBeyond;
    expect([isEnough(99, 999n), isEnough(99, 1000n)]).toEqual([false, true]);
    expect([isEnough(99.9, 9999n), isEnough(99.9, 10_000n)]).toEqual([false, true]);
    expect([isEnough(0.1, 9999n), isEnough(0.1, 10_000n)]).toEqual([false, true]);
  });

  test("nothing lies beyond the maximum", () => {
    expect(samplesBeyond(100, 1_000_000n)).toBe(0n);
  });
});

const GAP_NS = 100_000;
const STALL_NS = 3_000_000;

/** Independent latencies around 20 us with a long tail, as of a quiet machine. */
function quiet(count: number, seed: number): number[] {
  const uniform = seededRandom(seed);
  return Array.from({ length: count }, () => Math.round(20_000 + 3000 / Math.sqrt(1 - uniform())));
}

/** The messages sent each 100 us meanwhile wait for its end. */
function stall(values: number[], at: number): number[] {
  for (let left = STALL_NS, i = at; left > 0; left -= GAP_NS, i++) values[i]! += left;
  return values;
}

const series = (values: readonly number[]) => seriesOf(values.map(BigInt));

describe("excursions beyond a percentile", () => {
  test("of independent samples are enough wherever the samples are", () => {
    const SERIES = 200;
    for (const [percentile, count] of [
      [99.9, 10_000],
      [99, 1000],
      [90, 100],
      [50, 20],
      [10, 100],
      [0.1, 10_000],
    ] as const) {
      let backed = 0;
      for (let seed = 1; seed <= SERIES; seed++) backed += isBacked(percentile, series(quiet(count, seed))) ? 1 : 0;
      expect(backed).toBeGreaterThanOrEqual(SERIES - 2);
    }
  });

  test("of one stall are one, and back nothing", () => {
    const values = stall(quiet(10_000, 1), 5000);
    expect(excursionsBeyond(99.9, series(values))).toEqual({ count: 1, needed: 9 });
    expect([99, 99.9].map((percentile) => isBacked(percentile, series(values)))).toEqual([true, false]);
    expect(isBacked(99.9, snapshotOf(values.map(BigInt)))).toBe(true);
  });

  test("of ten stalls are ten", () => {
    const values = quiet(10_000, 1);
    for (let i = 0; i < 10; i++) stall(values, 500 + 1000 * i);
    expect(excursionsBeyond(99.9, series(values))?.count).toBe(10);
    expect(isBacked(99.9, series(values))).toBe(true);
  });

  test("add up over clients and launches", () => {
    const parts = Array.from({ length: 10 }, (_, i) => series(stall(quiet(10_000, i), 100 * i)));
    expect(excursionsBeyond(99.9, mergeSnapshots(parts))?.count).toBe(10);
  });

  test("are not known of all where they are not known of a part", () => {
    const [known, unknown] = [series(quiet(100, 1)), snapshotOf([1n, 2n])];
    expect(excursionsBeyond(50, mergeSnapshots([known, unknown]))).toBeNull();
    expect(excursionsBeyond(50, mergeSnapshots([known, snapshotOf([])]))).not.toBeNull();
  });

  test("are not missed where values can't be told apart", () => {
    const same = series(Array.from({ length: 10_000 }, () => 35));
    expect([50, 99, 99.9].map((percentile) => hasExcursionsBeyond(percentile, same))).toEqual([true, true, true]);
    const withStall = series(stall(Array.from({ length: 10_000 }, () => 35) as number[], 5000));
    expect([50, 99, 99.9].map((percentile) => hasExcursionsBeyond(percentile, withStall))).toEqual([true, true, false]);
  });

  test("within one that reaches further are no others", () => {
    // A stall that lasts, in which latencies go up and down.
    const uniform = seededRandom(3);
    const values = quiet(10_000, 1).map((value, i) => (i < 8000 ? value : 1e6 + Math.round(1e6 * uniform())));
    const counts = [75, 81, 90, 99].map((percentile) => excursionsBeyond(percentile, series(values))!.count);
    expect(counts[0]).toBeGreaterThan(100);
    expect(counts.slice(1)).toEqual([1, 1, 1]);
  });

  test("of values beyond the last bucket count too", () => {
    const values = Array.from({ length: 10_000 }, (_, i) => (i % 500 === 0 ? 61e9 : 1000));
    expect(excursionsBeyond(99.9, series(values))?.count).toBe(20);
  });
});

test("as many are needed as chance leaves, ten at most", () => {
  expect([10, 100, 1000].map((beyond) => excursionsNeeded(beyond, 1_000_000))).toEqual([9, 10, 10]);
  expect(excursionsNeeded(10, 20)).toBe(2);
  expect(excursionsNeeded(0, 1)).toBe(1);
});
