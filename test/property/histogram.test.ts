import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { build, decodeFromCompressedBase64 } from "hdr-histogram-js";
import { decodeBuckets, encodeBuckets, toHdrHistogram } from "../../src/stats/hdr.ts";
import {
  BUCKET_COUNT,
  bucketIndexOf,
  emptySnapshot,
  HIGHEST_BUCKETED_NS,
  highestValueOf,
  lowestValueOf,
  mergeSnapshots,
  percentilesNs,
} from "../../src/stats/histogram.ts";
import type { LatencySnapshot } from "../../src/stats/snapshot.ts";
import { seriesOf, snapshotOf } from "../snapshot-of.ts";

/** Percentiles whose ranks the library, which computes them in doubles, gets right for a few hundred samples. */
const PERCENTILES = [1, 25, 50, 75, 90, 95, 99, 99.9, 99.99, 100];

/** Every order of magnitude is as likely as any other, as latencies are. */
const bucketedNs = fc
  .tuple(fc.integer({ min: 0, max: 35 }), fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([magnitude, fraction]) => Math.min(HIGHEST_BUCKETED_NS, Math.floor(2 ** magnitude * (1 + fraction)) - 1));
const anyNs = fc.oneof(
  { weight: 9, arbitrary: bucketedNs.map(BigInt) },
  { weight: 1, arbitrary: fc.bigInt({ min: BigInt(HIGHEST_BUCKETED_NS) + 1n, max: 2n ** 64n - 1n }) },
);
const bucketOf = (valueNs: bigint) =>
  valueNs > BigInt(HIGHEST_BUCKETED_NS) ? BUCKET_COUNT : bucketIndexOf(Number(valueNs));
const bucketIndex = fc.integer({ min: 0, max: BUCKET_COUNT - 1 });

function libraryHistogram() {
  return build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: HIGHEST_BUCKETED_NS,
    numberOfSignificantValueDigits: 3,
    bitBucketSize: 64,
    useWebAssembly: false,
    autoResize: false,
  });
}

function ascending(valuesNs: readonly bigint[]): bigint[] {
  return valuesNs.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

describe("bucket layout", () => {
  test("the index of a bucket's least value is the bucket", () => {
    fc.assert(fc.property(bucketIndex, (index) => bucketIndexOf(lowestValueOf(index)) === index));
  });

  test("the index of a bucket's greatest value is the bucket", () => {
    fc.assert(fc.property(bucketIndex, (index) => bucketIndexOf(highestValueOf(index)) === index));
  });

  test("a value lies within its bucket", () => {
    fc.assert(
      fc.property(bucketedNs, (valueNs) => {
        const index = bucketIndexOf(valueNs);
        expect(lowestValueOf(index)).toBeLessThanOrEqual(valueNs);
        expect(highestValueOf(index)).toBeGreaterThanOrEqual(valueNs);
      }),
    );
  });

  test("a bucket is narrower than a thousandth of its values", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2048, max: BUCKET_COUNT - 1 }), (index) => {
        const width = highestValueOf(index) - lowestValueOf(index) + 1;
        expect(width * 1000).toBeLessThan(lowestValueOf(index));
      }),
    );
  });

  test("every bucket is where hdr-histogram-js has it", () => {
    const library = toHdrHistogram(emptySnapshot());
    expect(library.countsArrayLength).toBe(BUCKET_COUNT);
    for (let index = 0; index < BUCKET_COUNT; index++) {
      expect(lowestValueOf(index)).toBe(library.valueFromIndex(index));
      expect(highestValueOf(index)).toBe(library.highestEquivalentValue(lowestValueOf(index)));
    }
  });

  test("every value has the index that hdr-histogram-js gives it", () => {
    const library = toHdrHistogram(emptySnapshot());
    fc.assert(fc.property(bucketedNs, (valueNs) => bucketIndexOf(valueNs) === library.countsArrayIndex(valueNs)));
  });
});

describe("histogram", () => {
  test("a percentile lies within its bucket's width of the exact quantile, never above the maximum", () => {
    fc.assert(
      fc.property(
        fc.array(anyNs, { minLength: 1, maxLength: 300 }),
        fc.integer({ min: 1, max: 100_000 }).map((thousandths) => thousandths / 1000),
        (valuesNs, percentile) => {
          const sorted = ascending(valuesNs);
          const thousandths = BigInt(Math.round(percentile * 1000));
          const rank = (thousandths * BigInt(sorted.length) + 99_999n) / 100_000n;
          const exact = sorted[Number(rank) - 1]!;
          const reported = percentilesNs(snapshotOf(valuesNs), [percentile])![0]!;
          if (exact > BigInt(HIGHEST_BUCKETED_NS)) {
            expect(reported).toBe(sorted.at(-1)!);
          } else {
            expect(reported).toBeGreaterThanOrEqual(exact);
            expect(reported).toBeLessThanOrEqual(BigInt(highestValueOf(bucketIndexOf(Number(exact)))));
          }
          expect(reported).toBeLessThanOrEqual(sorted.at(-1)!);
        },
      ),
    );
  });

  test("percentiles asked together, in any order, are those asked one by one", () => {
    fc.assert(
      fc.property(
        fc.array(anyNs, { minLength: 1, maxLength: 50 }),
        fc.array(fc.integer({ min: 0, max: 1000 }).map((tenths) => tenths / 10)),
        (valuesNs, percentiles) => {
          const snapshot = snapshotOf(valuesNs);
          const oneByOne = percentiles.map((percentile) => percentilesNs(snapshot, [percentile])![0]!);
          expect(percentilesNs(snapshot, percentiles)).toEqual(oneByOne);
        },
      ),
      { numRuns: 30 },
    );
  });

  test("the parts merged are the whole", () => {
    fc.assert(
      fc.property(fc.array(fc.array(anyNs, { maxLength: 50 }), { maxLength: 5 }), (parts) => {
        const merged = mergeSnapshots(parts.map((part) => snapshotOf(part)));
        expect<LatencySnapshot>({ ...merged, rises: null }).toEqual(snapshotOf(parts.flat()));
      }),
      { numRuns: 50 },
    );
  });

  /** Runs of successive values in buckets above one; the values before the first lie in bucket 0. */
  function excursionsAbove(bucket: number, valuesNs: readonly bigint[]): number {
    const isAbove = valuesNs.map((valueNs) => bucketOf(valueNs) > bucket);
    return isAbove.filter((above, i) => above && !isAbove[i - 1]).length;
  }

  test("the rises up to a bucket are the excursions above it, and add up over parts", () => {
    fc.assert(
      fc.property(fc.array(fc.array(anyNs, { maxLength: 50 }), { maxLength: 4 }), bucketIndex, (parts, any) => {
        const { rises } = mergeSnapshots(parts.map((part) => seriesOf(part)));
        fc.pre(rises !== null);
        for (const bucket of [any, ...parts.flat().map(bucketOf)].filter((one) => one < BUCKET_COUNT)) {
          const risen = rises.subarray(0, bucket + 1).reduce((total, step) => total + step, 0n);
          const brute = parts.reduce((total, part) => total + excursionsAbove(bucket, part), 0);
          expect(Number(risen)).toBe(brute);
        }
      }),
      { numRuns: 50 },
    );
  });

  test("buckets and percentiles are those of hdr-histogram-js recording the same values", () => {
    fc.assert(
      fc.property(fc.array(bucketedNs, { minLength: 1, maxLength: 300 }), (valuesNs) => {
        const library = libraryHistogram();
        for (const valueNs of valuesNs) library.recordValue(valueNs);
        const snapshot = snapshotOf(valuesNs.map(BigInt));
        const loaded = toHdrHistogram(snapshot);
        expect(loaded.totalCount).toBe(library.totalCount);
        for (const percentile of PERCENTILES) {
          const theirs = library.getValueAtPercentile(percentile);
          expect(loaded.getValueAtPercentile(percentile)).toBe(theirs);
          expect(Number(percentilesNs(snapshot, [percentile])![0]!)).toBe(Math.min(theirs, Math.max(...valuesNs)));
        }
      }),
      { numRuns: 50 },
    );
  });

  test("encoded buckets come back as they were, and hdr-histogram-js reads them", () => {
    fc.assert(
      fc.property(fc.array(anyNs, { maxLength: 300 }), (valuesNs) => {
        const snapshot = snapshotOf(valuesNs);
        const encoded = encodeBuckets(snapshot);
        expect(decodeBuckets(encoded)).toEqual(snapshot.bucketCounts);
        expect(BigInt(decodeFromCompressedBase64(encoded, 64).totalCount)).toBe(
          snapshot.count - snapshot.overflowCount,
        );
      }),
      { numRuns: 50 },
    );
  });
});
