import { describe, expect, test } from "bun:test";
import { formatDurationNs, MAX_DURATION_NS, parseDurationNs } from "../../../src/text/duration.ts";

describe("a duration is read to the nanosecond", () => {
  const cases: readonly (readonly [string, number])[] = [
    ["0", 0],
    ["5", 5_000_000_000],
    ["1us", 1000],
    ["0.5us", 500],
    ["0.001us", 1],
    ["0.0005us", 1],
    ["1.5ms", 1_500_000],
    ["10ms", 10_000_000],
    ["1.1s", 1_100_000_000],
    ["0.1", 100_000_000],
    [".5s", 500_000_000],
    ["5.s", 5_000_000_000],
    ["2m", 120_000_000_000],
    ["1.5h", 5_400_000_000_000],
    ["0.3333333333333333", 333_333_333],
    [" 5s ", 5_000_000_000],
    ["2400h", MAX_DURATION_NS],
  ];
  for (const [text, expected] of cases) {
    test(JSON.stringify(text), () => expect(parseDurationNs(text)).toBe(expected));
  }
});

describe("what is no duration is refused", () => {
  const texts = ["", " ", ".", "s", "us", "5 s", "5S", "5ns", "5min", "-5s", "+5s", "1e3", "inf", "NaN", "1,5s"];
  for (const text of [...texts, "1m30s", "2400.0000001h", "0.0004us", "5µs", "٣s", "9".repeat(10_000)]) {
    test(JSON.stringify(text).slice(0, 40), () => expect(parseDurationNs(text)).toBeNull());
  }
});

test("the longest duration is exact in a double", () => {
  expect(MAX_DURATION_NS).toBeLessThan(Number.MAX_SAFE_INTEGER);
});

describe("a duration is printed in the largest unit that needs no fraction", () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, "0s"],
    [1, "0.001us"],
    [1500, "1.5us"],
    [50_000, "50us"],
    [10_000_000, "10ms"],
    [90_000_000_000, "90s"],
    [120_000_000_000, "2m"],
    [MAX_DURATION_NS, "2400h"],
  ];
  for (const [durationNs, expected] of cases) {
    test(expected, () => expect(formatDurationNs(durationNs)).toBe(expected));
  }
});
