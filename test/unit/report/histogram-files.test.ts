/**
 * `golden/java.hlog` and `golden/java.hgrm` were written by HdrHistogram 2.2.2 for Java (`HistogramLogWriter`,
 * `outputPercentileDistribution(out, 5, 1000.0)`) from the values that `valuesOf` makes: the first interval untagged, the
 * second tagged "service"; the percentiles are of both together.
 */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Histogram, HistogramLogReader } from "hdr-histogram-js";
import type { LaunchMeasurement } from "../../../src/measure/measurement.ts";
import { intervalLog, percentileText } from "../../../src/report/histogram-files.ts";
import { BUCKET_COUNT, emptySnapshot, mergeSnapshots } from "../../../src/stats/histogram.ts";
import type { LatencySnapshot } from "../../../src/stats/snapshot.ts";
import { snapshotOf } from "../../snapshot-of.ts";
import { evenly, measurementOf, measurementOfNothing } from "../result/fixture.ts";

const START_NS = 1_767_323_045_000_000_000n;
const HEADING = {
  toolVersion: "0.1.0",
  settings: "",
  cell: "uds, 64 bytes, one-way",
  startedAt: new Date(1_767_323_044_000),
};

function golden(name: string): string {
  return readFileSync(join(import.meta.dir, "golden", name), "utf8");
}

function valuesOf(step: number, count: number): LatencySnapshot {
  return snapshotOf(Array.from({ length: count }, (_, k) => BigInt(900 + (k + 1) ** 2 * step)));
}

const ONE = valuesOf(3, 200);
const TWO = valuesOf(5, 100);

function launchOf(launch: number, latency: LatencySnapshot, startedAtEpochNs: bigint, windowNs: bigint) {
  return { launch, measurement: measurementOf({ latency, startedAtEpochNs, windowNs }) };
}

const LAUNCHES: readonly LaunchMeasurement[] = [
  launchOf(1, ONE, START_NS, 100_000_000n),
  launchOf(2, TWO, START_NS + 1_000_000_000n, 250_000_000n),
];

function intervalsIn(log: string): Histogram[] {
  const reader = new HistogramLogReader(log, 64);
  const intervals: Histogram[] = [];
  for (let next = reader.nextIntervalHistogram(); next !== null; next = reader.nextIntervalHistogram())
    intervals.push(next);
  return intervals;
}

function bucketsOf(histogram: Histogram): number[] {
  const counted = histogram as unknown as { getCountAtIndex(index: number): number };
  return Array.from({ length: BUCKET_COUNT }, (_, index) => counted.getCountAtIndex(index));
}

function bucketsOfSnapshot(snapshot: LatencySnapshot): number[] {
  return Array.from(snapshot.bucketCounts, Number);
}

/** Start, length and maximum of the interval lines. */
function fieldsOf(log: string): string[][] {
  const lines = log.split("\n").filter((line) => /^(Tag=\w+,)?\d/.test(line));
  return lines.map((line) =>
    line
      .replace(/^Tag=\w+,/, "")
      .split(",")
      .slice(0, 3),
  );
}

describe("an interval log", () => {
  test("that Java wrote reads as the buckets that the ledger would have counted", () => {
    const [one, two] = intervalsIn(golden("java.hlog"));
    expect(bucketsOf(one!)).toEqual(bucketsOfSnapshot(ONE));
    expect(bucketsOf(two!)).toEqual(bucketsOfSnapshot(TWO));
    expect(two!.tag).toBe("service");
  });

  test("has the version, legend and fields that Java writes", () => {
    const ours = intervalLog(HEADING, LAUNCHES);
    const java = golden("java.hlog");
    expect(fieldsOf(ours)).toEqual(fieldsOf(java));
    const fixed = java.split("\n").filter((line) => /^#\[Histogram log|^"Start/.test(line));
    expect(ours.split("\n").filter((line) => fixed.includes(line))).toEqual(fixed);
    expect(ours).toContain("#[StartTime: 1767323045.000 (seconds since epoch), 2026-01-02T03:04:05.000Z]\n");
  });

  test("comes back as it was, launch by launch", () => {
    const intervals = intervalsIn(intervalLog(HEADING, LAUNCHES));
    expect(intervals.map(bucketsOf)).toEqual([ONE, TWO].map(bucketsOfSnapshot));
    expect(intervals.map((interval) => interval.startTimeStampMsec)).toEqual([1_767_323_045_000, 1_767_323_046_000]);
    expect(intervals[1]!.endTimeStampMsec - intervals[1]!.startTimeStampMsec).toBeCloseTo(250, 3);
  });

  test("tells exact extremes and what is in no bucket in comments", () => {
    const latency = snapshotOf([5n, 70_000_000_001n]);
    const log = intervalLog(HEADING, [launchOf(1, latency, START_NS, 1n)]);
    expect(log).toContain("#[launch 1: exact: 2 values, min 5 ns, mean 35000000003.0 ns, ");
    expect(log).toContain("max 70000000001 ns; 1 of them beyond 60 s are in no bucket]\n");
    expect(intervalsIn(log).map((interval) => interval.totalCount)).toEqual([1]);
  });

  test("of a schedule has service time and lateness under tags", () => {
    const schedule = {
      service: TWO,
      lateness: evenly(1, 300),
      achievedRatePerSecond: 1000,
      scheduledRatePerSecond: 5000,
    };
    const log = intervalLog(HEADING, [{ launch: 1, measurement: measurementOf({ latency: ONE, schedule }) }]);
    const intervals = intervalsIn(log);
    expect(intervals.map(({ tag, totalCount }) => [tag, totalCount])).toEqual([
      ["NO TAG", 200],
      ["service", 100],
      ["lateness", 300],
    ]);
  });

  test("says why a launch has no interval, in one line", () => {
    const measurement = measurementOfNothing({ failure: "no\nserver" });
    const log = intervalLog(HEADING, [{ launch: 1, measurement }]);
    expect(intervalsIn(log)).toEqual([]);
    expect(log).toContain("#[launch 1 failed: no server]\n#[launch 1: nothing was recorded]\n");
  });
});

describe("percentile text", () => {
  test("is Java's to the character, with a comment at the end", () => {
    const text = percentileText(mergeSnapshots([ONE, TWO]), "uds, 64 bytes, one-way");
    const java = golden("java.hgrm");
    expect(text.slice(0, java.length)).toBe(java);
    expect(text.slice(java.length)).toBe(
      "#[uds, 64 bytes, one-way: values in us; exact: 300 values, min 903 ns, mean 33406.2 ns, standard deviation 32531.4 ns, max 120900 ns]\n",
    );
  });

  test("of nothing is a distribution of nothing", () => {
    const text = percentileText(emptySnapshot(), "uds");
    expect(text).toContain("Total count    =            0]");
    expect(text).toEndWith("#[uds: values in us; nothing was recorded]\n");
  });
});
