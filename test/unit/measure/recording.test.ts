import { dlopen, FFIType } from "bun:ffi";
import { afterAll, expect, test } from "bun:test";
import embeddedShim from "embedded-shim" with { type: "file" };
import fc from "fast-check";
import { DISTRIBUTION } from "../../../src/native/layout.ts";
import { risesIn } from "../../../src/native/ledger.ts";
import { StructView } from "../../../src/native/struct-view.ts";
import { bucketIndexOf, HIGHEST_BUCKETED_NS, highestValueOf, lowestValueOf } from "../../../src/stats/histogram.ts";
import { seriesOf } from "../../snapshot-of.ts";

/** The program itself only reads what C has recorded. */
const shim = dlopen(embeddedShim, {
  distribution_record: { args: [FFIType.ptr, FFIType.u64], returns: FFIType.void },
});
afterAll(() => shim.close());

function record(valuesNs: readonly bigint[]) {
  const view = new StructView(DISTRIBUTION);
  for (const valueNs of valuesNs) shim.symbols.distribution_record(view.bytes, valueNs);
  return {
    bucketCounts: view.words("buckets"),
    rises: risesIn(view.words("rises")),
    count: view.get("count"),
    minNs: view.get("min_ns"),
    maxNs: view.get("max_ns"),
    sumNs: view.get("sum_ns"),
    sumOfSquaresNs2: (view.get("sum_of_squares_high") << 64n) | view.get("sum_of_squares_low"),
    overflowCount: view.get("overflow_count"),
  };
}

/** Of every size alike, not of every value alike. */
const valueNs = fc
  .tuple(fc.integer({ min: 0, max: 40 }), fc.bigInt({ min: 0n, max: 2n ** 41n - 1n }))
  .map(([bits, value]) => value >> BigInt(bits));

/** Where buckets meet. */
const boundaryNs = fc
  .tuple(fc.integer({ min: 1, max: 27_388 }), fc.integer({ min: -1, max: 1 }))
  .map(([index, step]) => BigInt(lowestValueOf(index) + step));

const anyValueNs = fc.oneof(valueNs, boundaryNs);

test("C counts a value in the bucket that the statistics look for it in", () => {
  fc.assert(
    fc.property(anyValueNs, (value) => {
      const { bucketCounts, overflowCount } = record([value]);
      if (value > BigInt(HIGHEST_BUCKETED_NS))
        return overflowCount === 1n && bucketCounts.every((count) => count === 0n);
      return overflowCount === 0n && bucketCounts[bucketIndexOf(Number(value))] === 1n;
    }),
    { numRuns: 500 },
  );
});

test("every bucket has the same bounds in C and in the statistics", () => {
  const last = bucketIndexOf(HIGHEST_BUCKETED_NS);
  const bounds: bigint[] = [];
  for (let index = 0; index < last; index++) {
    bounds.push(BigInt(lowestValueOf(index)), BigInt(highestValueOf(index)));
  }
  const { bucketCounts } = record(bounds);
  expect(bucketCounts.findIndex((count, index) => count !== (index < last ? 2n : 0n))).toBe(-1);
});

test("what C records of many values is what the statistics make of them", () => {
  fc.assert(
    fc.property(fc.array(anyValueNs, { minLength: 1, maxLength: 200 }), (values) => {
      expect(record(values)).toEqual(seriesOf(values));
    }),
    { numRuns: 60 },
  );
});
