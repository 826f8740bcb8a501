import { expect, test } from "bun:test";
import { LedgerFile } from "../../../src/native/ledger.ts";
import { ProgressDisplay } from "../../../src/progress/display.ts";
import { emptySnapshot } from "../../../src/stats/histogram.ts";
import type { LatencySnapshot } from "../../../src/stats/snapshot.ts";
import { evenly, measurementOf } from "../result/fixture.ts";
import { cellOf } from "./fixture.ts";
import { scriptLedger } from "./scripted.ts";

/** The line that stays in a pipe when a cell has ended. */
function lineOf(latency: LatencySnapshot): string {
  let written = "";
  const screen = { write: (text: string) => (written += text), columns: () => null, utf8: true };
  const received = Number(latency.count);
  const counts = { sent: received, received, lost: 0, duplicated: 0, reordered: 0, corrupt: 0 };
  new ProgressDisplay(screen).cellMeasured(cellOf(), measurementOf({ counts, latency }));
  return written;
}

const CELL = "[3/8] uds async round-trip 1 KiB:";

test.each([
  [19, "p50 -, p99 -"],
  [20, "p50 1.01 µs, p99 -"],
  [1000, "p50 1.50 µs, p99 1.99 µs"],
])("%d samples show the percentiles that they are enough for", (samples, figures) => {
  expect(lineOf(evenly(1001, 1000 + samples))).toMatch(new RegExp(`^.*/s, ${figures}\n$`));
});

test("nothing recorded shows no percentile", () => {
  expect(lineOf(emptySnapshot())).toBe(`${CELL} 0 messages, 0/s\n`);
});

test("the first rate is of the measured phase alone: warm-up is not in it", async () => {
  const ledger = LedgerFile.create(2);
  const lines: string[] = [];
  const screen = { write: (text: string) => void lines.push(text), columns: () => 120, utf8: true };
  const display = new ProgressDisplay(screen);
  try {
    display.cellStarts(cellOf({ test: "one-way" }), ledger);
    scriptLedger(ledger, { counted: 100n, received: 100n, sent: 100n });
    await Bun.sleep(300);
    expect(lines.at(-1)).not.toContain("/s");
    await Bun.sleep(250);
    expect(lines.at(-1)).toContain("0/s");
  } finally {
    await display.cellStops();
    ledger.close();
  }
});
