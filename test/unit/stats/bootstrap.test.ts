import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { seededRandom, shuffled } from "../../../src/plan/random.ts";
import { FEWEST_FOR_INTERVAL, median, spreadOf } from "../../../src/stats/bootstrap.ts";

setDefaultTimeout(60_000);

/** Twelve uniform numbers make a normal one: enough here. */
function normal(random: () => number): number {
  let sum = -6;
  for (let i = 0; i < 12; i++) sum += random();
  return sum;
}

/** Kinds of launches, each with a median of 10,000. */
const KINDS: Record<string, (random: () => number) => number> = {
  /** As launches are. */
  skewed: (random) => 10_000 * Math.exp(0.1 * normal(random)),
  normal: (random) => 10_000 + 500 * normal(random),
  "heavy-tailed": (random) => 10_000 + (500 * normal(random)) / Math.sqrt(-Math.log(1 - random())),
  /** Seven of ten near one value, at whose upper 2/7 the median lies (0.5659 deviations above), the others far above. */
  bimodal: (random) => 10_000 - 283 + (random() < 0.7 ? 0 : 8_000) + 500 * normal(random),
};
const EVERY_COUNT = [6, 7, 8, 9, 10, 11, 12, 20];

describe("the interval of a median", () => {
  test.each([
    ...EVERY_COUNT.map((launches) => ["skewed", launches] as const),
    ...["normal", "heavy-tailed", "bimodal"].flatMap((kind) => [
      [kind, 6] as const,
      [kind, 7] as const,
      [kind, 10] as const,
    ]),
  ])("of %s launches holds the true one in 92 to 98 %% of 1000 trials of %d", (kind, launches) => {
    const random = seededRandom(launches);
    let held = 0;
    for (let trial = 0; trial < 1000; trial++) {
      const values = Array.from({ length: launches }, () => KINDS[kind]!(random));
      const { low, high } = spreadOf(values, trial)!;
      if (low <= 10_000 && 10_000 <= high) held++;
    }
    expect(held).toBeWithin(920, 981);
  });

  test("lies within the launches, and is a point where they are equal", () => {
    const { low, high } = spreadOf([1, 2, 3, 4, 5, 1000], 1)!;
    expect(low).toBeGreaterThanOrEqual(1);
    expect(high).toBeLessThanOrEqual(1000);
    expect(spreadOf(new Array(7).fill(5), 1)).toEqual({ median: 5, low: 5, high: 5, kind: "bootstrap95" });
  });

  test("is the range of too few launches, and says so", () => {
    const values = Array.from({ length: FEWEST_FOR_INTERVAL - 1 }, (_, i) => 5 - i);
    expect(spreadOf(values, 1)).toEqual({ median: 3, low: 1, high: 5, kind: "range" });
    expect(spreadOf([...values, 0], 1)?.kind).toBe("bootstrap95");
    expect(spreadOf([], 1)).toBeNull();
  });

  test("is the same for the same seed", () => {
    const values = [3, 1, 4, 1, 5, 9, 2, 6];
    expect(spreadOf(values, 7)).toEqual(spreadOf(values, 7));
  });
});

describe("chance", () => {
  test("depends on the seed alone, and covers [0, 1) evenly", () => {
    const draw = (seed: number) => Array.from({ length: 5 }, seededRandom(seed));
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    const random = seededRandom(3);
    const tenths = new Array<number>(10).fill(0);
    for (let index = 0; index < 100_000; index++) tenths[Math.floor(random() * 10)]!++;
    for (const count of tenths) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });

  test("shuffles without loss", () => {
    const items = Array.from({ length: 50 }, (_, i) => i);
    const order = shuffled(items, seededRandom(9));
    expect(order).not.toEqual(items);
    expect(order.toSorted((a, b) => a - b)).toEqual(items);
  });
});

test("the median is the middle, or the mean of the two in the middle", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(2.5);
});
