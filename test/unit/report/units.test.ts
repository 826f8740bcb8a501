import { describe, expect, test } from "bun:test";
import { percentilesByImportance } from "../../../src/report/percentile-columns.ts";
import { amountText, bytesText, timeText } from "../../../src/report/units.ts";

describe("time", () => {
  test.each([
    [0, "0 ns"],
    [7, "7 ns"],
    [999, "999 ns"],
    [999.6, "1.00 µs"],
    [1000, "1.00 µs"],
    [12_345, "12.3 µs"],
    [999_499, "999 µs"],
    [999_500, "1.00 ms"],
    [1_500_000_000, "1.50 s"],
    [3_600_000_000_000, "3600 s"],
  ])("%d ns is %s", (ns, text) => {
    expect(timeText(ns, true)).toBe(text);
  });

  test("has an ASCII spelling", () => {
    expect(timeText(12_345, false)).toBe("12.3 us");
  });
});

describe("amount", () => {
  test.each([
    [0, "0"],
    [0.0004, "<0.001"],
    [0.064, "0.064"],
    [12.345, "12.3"],
    [512, "512"],
    [999.9, "1.00k"],
    [65_432, "65.4k"],
    [13_500_000, "13.5M"],
  ])("%d is %s", (value, text) => {
    expect(amountText(value)).toBe(text);
  });
});

describe("bytes", () => {
  test.each([
    [1, "1 B"],
    [1000, "1000 B"],
    [1024, "1 KiB"],
    [1536, "1.50 KiB"],
    [16_777_000, "16.0 MiB"],
  ])("%d is %s", (bytes, text) => {
    expect(bytesText(bytes)).toBe(text);
  });
});

describe("percentile columns", () => {
  test("centre and tail come first", () => {
    expect(percentilesByImportance([10, 50, 95, 99, 99.9])).toEqual([50, 99, 10, 95, 99.9]);
  });

  test("those nearest to them stand in for them", () => {
    expect(percentilesByImportance([99.9, 90, 25])).toEqual([25, 99.9, 90]);
  });

  test("one asked twice is shown once, none asked shows none", () => {
    expect(percentilesByImportance([95, 95])).toEqual([95]);
    expect(percentilesByImportance([])).toEqual([]);
  });
});
