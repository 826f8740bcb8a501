import { describe, expect, test } from "bun:test";
import { seededRandom, shuffled } from "../../../src/plan/random.ts";
import { FEWEST_FOR_INTERVAL, median, spreadOf } from "../../../src/stats/bootstrap.ts";

describe("the interval of a median", () => {
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
