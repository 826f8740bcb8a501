import { describe, expect, test } from "bun:test";
import { shapeText } from "../../../src/report/shape.ts";
import { encodeBuckets } from "../../../src/stats/hdr.ts";
import type { LatencySnapshot } from "../../../src/stats/snapshot.ts";
import { snapshotOf } from "../../snapshot-of.ts";

function shapeOf(values: readonly number[], utf8 = true): string {
  const snapshot: LatencySnapshot = snapshotOf(values.map(BigInt));
  const distribution = {
    count: Number(snapshot.count),
    sum_ns: 0,
    sum_of_squares_ns2: 0,
    overflow_count: Number(snapshot.overflowCount),
    unbacked_percentiles: [],
    histogram_v2_base64: encodeBuckets(snapshot),
  };
  return shapeText(distribution, snapshot.minNs, utf8);
}

function times(count: number, value: number): number[] {
  return new Array(count).fill(value);
}

describe("the shape of a distribution", () => {
  test("with two modes has two peaks and nothing between", () => {
    expect(shapeOf([...times(100, 1000), ...times(50, 1_000_000)])).toBe("█      ▄");
  });

  test("is logarithmic: each doubling has the same width", () => {
    const doublings = [0, 1, 2, 3, 4, 5, 6, 7].map((power) => 110 * 2 ** power);
    expect(shapeOf([100, ...doublings, 25_600])).toBe("█▄▄▄▄▄▄█");
  });

  test("is not squashed by an outlier, which still shows", () => {
    expect(shapeOf([...times(500, 1000), ...times(500, 2000), 1_000_000_000])).toBe("█      █");
    expect(shapeOf([...times(600, 1000), ...times(400, 2000)])).toBe("█      ▆");
  });

  test("of one value is one bar, also of zero and of values in no bucket", () => {
    expect(shapeOf(times(5, 4711))).toBe("█");
    expect(shapeOf([0])).toBe("█");
    expect(shapeOf([70_000_000_000])).toHaveLength(1);
    expect(shapeOf([...times(10, 100), ...times(10, 70_000_000_000)])).toBe("█      █");
  });

  test("has an ASCII spelling", () => {
    expect(shapeOf([...times(100, 1000), ...times(50, 1_000_000)], false)).toBe("@      =");
  });
});
