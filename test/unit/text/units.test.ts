import { describe, expect, test } from "bun:test";
import { percentilesByImportance } from "../../../src/report/percentile-columns.ts";
import {
  amountText,
  bytesText,
  factorText,
  inFlightText,
  megabytesText,
  spreadText,
  timeText,
} from "../../../src/text/units.ts";
import { wrapped } from "../../../src/text/wrap.ts";

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

describe("a median with its ends", () => {
  test.each([
    [24_100, 21_300, 33_800, "24.1 µs [21–34]"],
    [1_650, 620, 4_199_000, "1.65 µs [620 ns – 4.2 ms]"],
    [1_200, 1_180, 1_230, "1.20 µs [1.18–1.23]"],
    [900, 850, 2_100, "900 ns [850 ns – 2.1 µs]"],
    [454_000, 38_000, 869_400, "454 µs [38–869]"],
    [1_500_000, 870_000, 12_340_000, "1.50 ms [0.87–12]"],
    [5_000, 5_000, 5_000, "5.00 µs [5.00–5.00]"],
  ])("%d from %d to %d is %s", (median, low, high, text) => {
    expect(spreadText({ median, low, high }, true)).toBe(text);
  });

  test("has an ASCII spelling", () => {
    expect(spreadText({ median: 24_100, low: 21_300, high: 33_800 }, false)).toBe("24.1 us [21-34]");
  });
});

describe("factor", () => {
  test.each([
    [1, "1.00x"],
    [12.345, "12.3x"],
    [999.4, "999x"],
    [12_345, "12345x"],
    [0.1419, "0.142x"],
    [0.00714, "0.0071x"],
    [1e-9, "<1e-6x"],
  ])("%d is %s", (factor, text) => {
    expect(factorText(factor)).toBe(text);
  });
});

describe("messages in flight", () => {
  test.each([
    [0.034, "0.03"],
    [0.996, "1.0"],
    [9.96, "10"],
    [139.5, "140"],
    [2181, "2.18k"],
  ])("%d are %s", (messages, text) => {
    expect(inFlightText(messages)).toBe(text);
  });
});

describe("wrapped text", () => {
  test("breaks at spaces, indents what follows, and leaves long words whole", () => {
    expect(wrapped("one two three", 8, "  ")).toEqual(["one two", "  three"]);
    expect(wrapped("a /a/very/long/path b", 8, "  ")).toEqual(["a", "  /a/very/long/path", "  b"]);
    expect(wrapped("", 8)).toEqual([""]);
  });
});

describe("MB/s", () => {
  test.each([
    [0, "0"],
    [64_000, "0.064"],
    [999_400_000, "999"],
    [999_600_000, "1000"],
    [1_640_400_000, "1640"],
  ])("of %d bytes a second are %s", (value, text) => {
    expect(megabytesText(value)).toBe(text);
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
