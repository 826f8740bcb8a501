import { describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  FEWEST_FOR_INTERVAL,
  median,
  seededRandom,
  shuffled,
  spreadOf,
} from "../../../src/stats/bootstrap.ts";

setDefaultTimeout(60_000);

/** Twelve uniform numbers make a normal one: enough here, and skewed by its exponential as launches are. */
function launchNs(random: () => number): number {
  let normal = -6;
  for (let i = 0; i < 12; i++) normal += random();
  return 10_000 * Math.exp(0.1 * normal);
}

describe("the interval of a median", () => {
  test.each([10, 20])("holds the true one in 92 to 98 %% of 1000 trials of %d launches", (launches) => {
    const random = seededRandom(launches);
    let held = 0;
    for (let trial = 0; trial < 1000; trial++) {
      const values = Array.from({ length: launches }, () => launchNs(random));
      const { low, high } = spreadOf(values, trial)!;
      if (low <= 10_000 && 10_000 <= high) held++;
    }
    expect(held).toBeWithin(920, 981);
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
