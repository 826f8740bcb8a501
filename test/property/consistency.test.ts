/** Figures of distributions that somebody else says are one's own. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { contradictionIn } from "../../src/stats/consistency.ts";
import { emptySnapshot } from "../../src/stats/histogram.ts";
import { seriesOf, snapshotOf } from "../snapshot-of.ts";

const values = fc.array(fc.oneof(fc.bigInt(0n, 5_000n), fc.bigInt(0n, 2n ** 40n)), { maxLength: 40 });

describe("figures of one distribution", () => {
  test("contradict each other nowhere, whatever was recorded", () => {
    fc.assert(
      fc.property(values, (recorded) => {
        expect(contradictionIn(seriesOf(recorded))).toBeNull();
      }),
    );
  });

  test.each([
    ["counts that don't add up", { count: 4n }],
    ["counts that don't add up", { overflowCount: 1n }],
    ["a minimum above the maximum", { minNs: 70_000n }],
    ["a minimum that the histogram does not have", { minNs: 999n }],
    ["a minimum that the histogram does not have", { minNs: 1001n }],
    ["a maximum that the histogram does not have", { maxNs: 30_000n }],
    ["a maximum that the histogram does not have", { maxNs: 2n ** 60n }],
    ["a mean outside minimum and maximum", { sumNs: 2_999n }],
    ["a mean outside minimum and maximum", { sumNs: 3n * 20_000n + 1n }],
    ["a sum of squares that the sum does not allow", { sumOfSquaresNs2: 0n }],
    ["a sum of squares that the sum does not allow", { sumOfSquaresNs2: 2n ** 100n }],
  ])("%s are found", (words, change) => {
    const snapshot = snapshotOf([1000n, 5000n, 20_000n]);
    expect(contradictionIn(snapshot)).toBeNull();
    expect(contradictionIn({ ...snapshot, ...change })).toBe(words);
  });

  test.each([
    ["more excursions than samples", 5, 3n],
    ["fewer than none", 5, -3n],
    ["none where samples lie", 0, -2n],
  ])("of %s are found", (_, bucket, change) => {
    const snapshot = seriesOf([1000n, 500n, 20_000n]);
    const rises = snapshot.rises!.slice();
    rises[bucket]! += change;
    expect(contradictionIn({ ...snapshot, rises })).toBe("rises that no values have");
  });

  test("beyond the buckets lie beyond them", () => {
    const beyond = snapshotOf([2n ** 40n]);
    expect(contradictionIn({ ...beyond, minNs: 5n })).toBe("a minimum that the histogram does not have");
    const both = snapshotOf([5n, 2n ** 40n]);
    expect(contradictionIn({ ...both, maxNs: 5n })).toBe("a maximum that the histogram does not have");
  });

  test("of nothing are nothing", () => {
    expect(contradictionIn({ ...emptySnapshot(), maxNs: 1n })).toBe("sums of nothing");
  });
});
