import { describe, expect, test } from "bun:test";
import { measuredShare, TimeLeft } from "../../../src/progress/estimate.ts";
import { cellOf } from "./fixture.ts";

const MEASURING = { phase: "measuring", warmup: 1000, sent: 2600, received: 2500, stalls: 0, firstSendNs: 1n } as const;

describe("the share of the measured phase", () => {
  test("is that of the messages where they are counted", () => {
    expect(measuredShare(cellOf(), MEASURING, 99)).toBe(0.25);
  });

  test("is that of the time where the duration decides, and never more than all of it", () => {
    const cell = cellOf({ messageCount: null, durationNs: 2e9 });
    expect(measuredShare(cell, MEASURING, 500)).toBe(0.25);
    expect(measuredShare(cell, MEASURING, 2500)).toBe(1);
  });

  test("is not known before it begins", () => {
    expect(measuredShare(cellOf(), { ...MEASURING, phase: "warm-up" }, 0)).toBeNull();
  });
});

describe("the time left", () => {
  test("takes this cell at its pace, and those to come like it", () => {
    // A quarter in 1 s: 3 s left, and 5 cells of 4.5 s, of which half a second is set-up.
    expect(new TimeLeft().estimateMs(cellOf(), 0.25, 1000, 1500)).toBe(3000 + 5 * 4500);
  });

  test("takes those to come like those before once there are any", () => {
    const left = new TimeLeft();
    left.cellEnded(1000);
    left.cellEnded(3000);
    expect(left.estimateMs(cellOf(), 0.5, 800, 900)).toBe(800 + 5 * 2000);
    expect(left.estimateMs(cellOf(), null, 0, 500)).toBe(1500 + 5 * 2000);
  });

  test("is the duration asked for at first, and nothing where there is none", () => {
    expect(new TimeLeft().estimateMs(cellOf({ durationNs: 2e9 }), null, 0, 100)).toBe(1900 + 5 * 2000);
    expect(new TimeLeft().estimateMs(cellOf(), null, 0, 100)).toBeNull();
  });
});
