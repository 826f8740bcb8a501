import { describe, expect, test } from "bun:test";
import {
  bucketIndexOf,
  emptySnapshot,
  halvingPercentilesNs,
  lowestValueOf,
  meanNs,
  medianNs,
  mergeSnapshots,
  percentilesNs,
  standardDeviationNs,
} from "../../../src/stats/histogram.ts";
import { snapshotOf } from "../../snapshot-of.ts";

const SECOND = 1_000_000_000n;

describe("bucket layout", () => {
  test.each([
    [0, 0],
    [2047, 2047],
    [2048, 2048],
    [2049, 2048],
    [2050, 2049],
    [4095, 3071],
    [4096, 3072],
    [60_000_000_000, 27_388],
  ])("%d ns is counted in bucket %d", (valueNs, index) => {
    expect(bucketIndexOf(valueNs)).toBe(index);
  });

  test("the last bucket starts below 2^36 ns", () => {
    expect(lowestValueOf(27_647)).toBe(2 ** 36 - 2 ** 25);
  });
});

describe("percentiles", () => {
  const oneToAThousand = snapshotOf(Array.from({ length: 1000 }, (_, index) => BigInt(index + 1)));

  test("are exact below 2048 ns, where every value has its own bucket", () => {
    expect(percentilesNs(oneToAThousand, [50, 95, 99.9, 1])).toEqual([500n, 950n, 999n, 10n]);
  });

  test("at 0 and 100 are the exact minimum and maximum", () => {
    expect(percentilesNs(snapshotOf([1_000_001n, 9_999_999n]), [0, 100])).toEqual([1_000_001n, 9_999_999n]);
  });

  test("are never above the exact maximum", () => {
    expect(percentilesNs(snapshotOf([1_000_001n]), [50])).toEqual([1_000_001n]);
  });

  test("among the values beyond 60 s are the exact maximum", () => {
    const snapshot = snapshotOf([1n, 2n, 61n * SECOND, 1000n * SECOND]);
    expect(percentilesNs(snapshot, [50, 51, 75, 99])).toEqual([2n, 1000n * SECOND, 1000n * SECOND, 1000n * SECOND]);
  });

  test("of a billion billion samples are ranked without rounding", () => {
    const snapshot = emptySnapshot();
    const count = 10n ** 18n;
    snapshot.bucketCounts[1] = count - 1n;
    snapshot.bucketCounts[2] = 1n;
    expect(percentilesNs({ ...snapshot, count, minNs: 1n, maxNs: 2n }, [99.99, 100])).toEqual([1n, 2n]);
  });

  test("beyond 100 are refused", () => {
    expect(() => percentilesNs(oneToAThousand, [100.1])).toThrow("at most 100");
  });

  test("of a distribution cut off between two stores of a record are still answered", () => {
    const torn = { ...snapshotOf([5n, 5n]), count: 1n };
    expect(percentilesNs(torn, [50, 100])).toEqual([5n, 5n]);
    expect(standardDeviationNs({ ...torn, sumOfSquaresNs2: 25n })).toBe(0);
  });
});

describe("nothing recorded", () => {
  test("has no figures", () => {
    const nothing = emptySnapshot();
    expect(meanNs(nothing)).toBeNull();
    expect(medianNs(nothing)).toBeNull();
    expect(standardDeviationNs(nothing)).toBeNull();
    expect(percentilesNs(nothing, [50])).toBeNull();
    expect(halvingPercentilesNs(nothing)).toEqual([]);
  });

  test("adds nothing to a merge, not even its minimum of 0", () => {
    expect(mergeSnapshots([emptySnapshot(), snapshotOf([7n])]).minNs).toBe(7n);
  });
});

describe("halving percentiles", () => {
  test("run from the minimum by half of what is left to the maximum", () => {
    const oneToSixteen = snapshotOf(Array.from({ length: 16 }, (_, index) => BigInt(index + 1)));
    expect(halvingPercentilesNs(oneToSixteen)).toEqual([1n, 8n, 12n, 14n, 15n, 16n]);
  });

  test("of one sample are that sample", () => {
    expect(halvingPercentilesNs(snapshotOf([5n]))).toEqual([5n, 5n]);
  });
});

describe("exact figures", () => {
  test("mean and deviation survive sums beyond 2^53", () => {
    const base = 2n ** 60n;
    const snapshot = snapshotOf([base, base + 1024n]);
    expect(meanNs(snapshot)).toBe(2 ** 60 + 512);
    expect(standardDeviationNs(snapshot)).toBe(512);
  });
});
