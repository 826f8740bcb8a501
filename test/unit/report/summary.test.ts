import { describe, expect, test } from "bun:test";
import { type SummaryOptions, summaryText } from "../../../src/report/summary.ts";
import type { BenchmarkResult } from "../../../src/result/schema.ts";
import {
  evenly,
  measurementOf,
  measurementOfNothing,
  outcomeOf,
  planOf,
  resultOf,
} from "../result/fixture.ts";

function textOf(result: BenchmarkResult, options: Partial<SummaryOptions> = {}): string {
  return summaryText(result, { utf8: true, colour: false, columns: 80, files: [], ...options });
}

const LOSSY = measurementOf({
  test: "one-way",
  counts: { sent: 10_000, received: 9_997, lost: 3, duplicated: 0, reordered: 0, corrupt: 0 },
  failure: "the client closed early",
});

const TROUBLED = resultOf({
  plan: planOf({ mode: "blocking", mechanisms: ["uds", "tcp", "uds", "shm"] }),
  outcomes: [
    outcomeOf(),
    outcomeOf({ mechanism: "tcp", measurements: [LOSSY, measurementOfNothing()] }),
    outcomeOf({ measurements: [measurementOf({ test: "one-way", latency: evenly(900, 1500) })] }),
  ],
});

/** The widest figures there can be: failed, repeated, blocking, a hundred million messages. */
const WIDE = resultOf({
  plan: planOf({ mode: "blocking", mechanisms: ["uds", "uds"], messageSizes: [1], tests: ["round-trip"] }),
  outcomes: [1, 2].map(() =>
    outcomeOf({
      measurements: [
        measurementOf({
          counts: {
            sent: 99_999_999,
            received: 99_999_999,
            lost: 0,
            duplicated: 0,
            reordered: 0,
            corrupt: 0,
          },
          latency: evenly(123_000, 133_000),
          windowNs: 10n ** 18n,
          failure: "boom",
        }),
      ],
    }),
  ),
});

describe("summary", () => {
  test("of a good run is a short table and the files written", () => {
    expect(textOf(resultOf(), { files: [{ label: "Final JSON", path: "r.json" }] })).toBe(
      `1 KiB messages, 10000 per test

ipc  mode   test        messages      p50      p99      max  msg/s  MB/s
uds  async  one-way        10000  15.0 µs  19.9 µs  20.0 µs   500k   512
uds  async  round-trip     10000  15.0 µs  19.9 µs  20.0 µs   100k   102

Files written:
  Final JSON  r.json
`,
    );
  });

  test("shows more of the percentiles asked for where there is room", () => {
    expect(textOf(resultOf(), { columns: 120 }).split("\n")[2]).toBe(
      "ipc  mode   test        messages      p50      p95      p99    p99.9      max  msg/s  MB/s",
    );
  });

  test("marks what failed or was not run, with the reasons below", () => {
    expect(textOf(TROUBLED)).toBe(
      `1 KiB messages, 10000 per test

ipc      mode      test        messages      p50      p99      max  msg/s  MB/s
  uds    blocking  one-way        10000  15.0 µs  19.9 µs  20.0 µs   500k   512
  uds    blocking  round-trip     10000  15.0 µs  19.9 µs  20.0 µs   100k   102
! tcp    blocking  one-way         9997  15.0 µs  19.9 µs  20.0 µs   100k   102
! tcp    blocking  round-trip         0        -        -        -      -     -
  uds#2  blocking  one-way        10000  1.20 µs        -  1.50 µs   100k   102
! uds#2  blocking  round-trip         -        -        -        -      -     -

-  fewer than 10 samples lie beyond this percentile

! tcp one-way: the client closed early (10000 sent, 9997 received, 3 lost)
! tcp round-trip: the server was killed by SIGKILL
! uds#2 round-trip: not run

Highest throughput: Unix Domain Socket; lowest latency: Unix Domain Socket

Not run: Shared Memory
`,
    );
  });

  test("does not repeat counts that the reason names", () => {
    const outcomes = [outcomeOf({ measurements: [{ ...LOSSY, failure: null }] })];
    const plan = planOf({ tests: ["one-way"] });
    expect(textOf(resultOf({ plan, outcomes }))).toContain("! uds one-way: of 10000 messages: 3 lost\n");
  });

  test("spells out the time of a run by time", () => {
    const plan = planOf({ messageCount: null, durationNs: 1_500_000_000 });
    expect(textOf(resultOf({ plan }))).toStartWith("1 KiB messages, 1.50 s per test\n");
  });

  test("of nothing says so", () => {
    expect(textOf(resultOf({ outcomes: [] }))).toBe("No results.\n\nNot run: Unix Domain Socket\n");
  });

  test("keeps within 80 columns with the widest figures", () => {
    const widths = textOf(WIDE)
      .split("\n")
      .map((line) => line.length);
    expect(Math.max(...widths)).toBeLessThanOrEqual(80);
  });

  test("is plain ASCII where the terminal is not UTF-8", () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the whole of ASCII is what is meant
    expect(textOf(TROUBLED, { utf8: false })).toMatch(/^[\x00-\x7f]*$/);
  });

  test("has no colour unless asked, and the same text with it", () => {
    expect(textOf(TROUBLED)).not.toContain("\u001b");
    expect(Bun.stripANSI(textOf(TROUBLED, { colour: true }))).toBe(textOf(TROUBLED));
  });
});
