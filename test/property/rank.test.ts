/** How often two equal mechanisms can't be told apart, and two unequal ones can: with launches as they were recorded. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { seededRandom } from "../../src/plan/random.ts";
import { FEWEST_FOR_INTERVAL } from "../../src/stats/bootstrap.ts";
import { differsFromBest, factorsOf } from "../../src/stats/rank.ts";
import recorded from "./launches.json";

const TRIALS = 150;

/** Share of the trials in which every one of the mechanisms may be the best. */
function shareAlike(draw: (random: () => number) => number[][]): number {
  const random = seededRandom(3);
  let alike = 0;
  for (let trial = 0; trial < TRIALS; trial++) {
    const factors = factorsOf(draw(random), "less", trial);
    if (factors.every((factor) => differsFromBest(factor) === false)) alike++;
  }
  return alike / TRIALS;
}

describe.each(recorded.runs)("launches of $ipc, $placement", ({ p50_ns: values }) => {
  const any = (random: () => number) => values[Math.floor(random() * values.length)]! + random();

  test.each([6, 7, 10, 20])("two equal mechanisms are alike in some 95 %% of runs of %d launches", (launches) => {
    const equal = shareAlike((random) => Array.from({ length: launches }, () => [any(random), any(random)]));
    expect(equal).toBeWithin(0.87, 1);
  });

  test("also where neighbours in time are alike", () => {
    const neighbours = (random: () => number) => {
      const start = Math.floor(random() * (values.length - 20));
      return Array.from({ length: 10 }, (_, i) => {
        const [a, b] = [values[start + 2 * i]!, values[start + 2 * i + 1]!];
        return random() < 0.5 ? [a, b] : [b, a];
      });
    };
    expect(shareAlike(neighbours)).toBeWithin(0.87, 1);
  });

  test("a mechanism that takes three times as long is told from the other", () => {
    const unequal = shareAlike((random) => Array.from({ length: 10 }, () => [any(random), 3 * any(random)]));
    expect(unequal).toBeLessThan(0.25);
  });
});

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
