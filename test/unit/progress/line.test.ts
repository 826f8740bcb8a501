import { describe, expect, test } from "bun:test";
import { type CellEnd, cellEndLine, leftText, type ProgressFigures, progressLine } from "../../../src/progress/line.ts";
import { cellOf } from "./fixture.ts";

const FIGURES: ProgressFigures = {
  phase: "measuring",
  share: 0.429,
  ratePerSecond: 21_300,
  latency: { p50Ns: 45_200, p99Ns: 88_100 },
  leftMs: 61_000,
};

const WIDE = { columns: 200, utf8: false };

describe("the line that is redrawn", () => {
  test("says phase, cell, rate, percentiles and time left", () => {
    expect(progressLine(cellOf(), FIGURES, WIDE)).toBe(
      "[3/8] uds async round-trip 1 KiB  42 %  21.3k/s  p50 45.2 us  p99 88.1 us  1m01s left",
    );
  });

  test("names the phase before there are messages", () => {
    const none = { share: null, ratePerSecond: null, latency: null, leftMs: null };
    expect(progressLine(cellOf(), { phase: "warm-up", ...none }, WIDE)).toBe(
      "[3/8] uds async round-trip 1 KiB  warm-up",
    );
  });

  test("leaves out what matters least where the terminal is narrow, and never fills its last column", () => {
    for (let columns = 1; columns < 100; columns++) {
      const line = progressLine(cellOf({ launch: 2, launches: 6 }), FIGURES, { columns, utf8: true });
      expect(line.length).toBeLessThan(columns);
    }
    expect(progressLine(cellOf(), FIGURES, { columns: 70, utf8: false })).toBe(
      "[3/8] uds async round-trip 1 KiB  42 %  21.3k/s  1m01s left",
    );
  });
});

describe("the line of a cell that has ended", () => {
  const counts: CellEnd["counts"] = { sent: 10_000, received: 10_000, lost: 0 };
  const end = { counts, ratePerSecond: 21_300, latency: FIGURES.latency, failure: null };

  test("has its figures", () => {
    expect(cellEndLine(cellOf({ launch: 2, launches: 6 }), end, true)).toBe(
      "[3/8] uds async round-trip 1 KiB launch 2/6: 10000 messages, 21.3k/s, p50 45.2 µs, p99 88.1 µs",
    );
  });

  test("says how far it came if it failed", () => {
    const failed = { ...end, failure: "the server was killed by SIGKILL" };
    const lineOf = (counts: typeof end.counts) => cellEndLine(cellOf(), { ...failed, counts }, true);
    const words = "[3/8] uds async round-trip 1 KiB: failed after";
    expect(lineOf({ sent: 2, received: 1, lost: 1 })).toBe(`${words} 1 message`);
    expect(lineOf({ sent: 20, received: 0, lost: null })).toBe(`${words} 20 messages`);
  });
});

test("time left is short to read", () => {
  expect([0, 999, 8000, 59_001, 185_000, 3_600_000, 7_800_000].map(leftText)).toEqual([
    "0s",
    "1s",
    "8s",
    "1m00s",
    "3m05s",
    "1h00m",
    "2h10m",
  ]);
});
