/** How often two equal mechanisms can't be told apart, and two unequal ones can: with launches as they were recorded. */
import { expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { FEWEST_FOR_INTERVAL } from "../../src/stats/bootstrap.ts";
import { factorsOf } from "../../src/stats/rank.ts";
import { anyOf, recorded, shareAlike } from "./launches.ts";

setDefaultTimeout(60_000);

test.each([6, 10])("two equal mechanisms are alike in some 95 %% of runs of %d launches", (launches) => {
  const shares = recorded.runs.map(({ p50_ns: values }) => {
    const any = anyOf(values);
    return shareAlike(40, (random) => Array.from({ length: launches }, () => [any(random), any(random)]));
  });
  expect(shares.reduce((sum, share) => sum + share, 0) / shares.length).toBeWithin(0.9, 0.985);
});

test.each(recorded.runs)(
  "on $placement, $ipc is told from one that takes three times as long",
  ({ p50_ns: values }) => {
    const any = anyOf(values);
    const unequal = shareAlike(40, (random) => Array.from({ length: 10 }, () => [any(random), 3 * any(random)]));
    expect(unequal).toBeLessThan(0.25);
  },
);

const rounds = fc.integer({ min: 2, max: 4 }).chain((columns) =>
  fc.array(fc.array(fc.integer({ min: 1, max: 1e6 }), { minLength: columns, maxLength: columns }), {
    minLength: 1,
    maxLength: 12,
  }),
);

test("one column is the best, the others are on the far side of it, and too few rounds have no interval", () => {
  fc.assert(
    fc.property(rounds, fc.constantFrom("less", "more"), (values, better) => {
      const factors = factorsOf(values, better, 1);
      const sign = better === "less" ? 1 : -1;
      expect(factors.some(({ factor }) => factor === 1)).toBe(true);
      for (const one of factors) {
        expect(sign * one.factor).toBeGreaterThanOrEqual(sign);
        expect(one.interval === null).toBe(values.length < FEWEST_FOR_INTERVAL);
        if (one.interval === null) continue;
        expect(one.interval.low).toBeLessThanOrEqual(one.interval.high);
        expect(sign * one.interval[better === "less" ? "low" : "high"]).toBeGreaterThanOrEqual(sign);
        if (one.factor === 1) expect(one.interval.low <= 1 && one.interval.high >= 1).toBe(true);
      }
    }),
    { numRuns: 30 },
  );
});
