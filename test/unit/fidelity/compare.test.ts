import { describe, expect, test } from "bun:test";
import {
  bootstrapRatio,
  compareRow,
  type Figures,
  judge,
  ratioOfMedians,
  worst,
} from "../../../scripts/fidelity/compare.ts";
import type { Row } from "../../../scripts/fidelity/row.ts";
import { seededRandom } from "../../../src/plan/random.ts";
import { FEWEST_FOR_INTERVAL } from "../../../src/stats/bootstrap.ts";

const row: Row = {
  subject: "program",
  mechanism: "uds",
  test: "one-way",
  load: "saturated",
  placement: "one-cpu",
  wait: "block",
  payloadBytes: 64,
};

const figures = (scale: number): Figures => ({
  p50Ns: 1000 * scale,
  meanNs: 1200 * scale,
  p99Ns: 3000 * scale,
  messagesPerSecond: 1e6 / scale,
});

/** Rounds in which we take `factor` times as long, with a spread of 2 %. */
const rounds = (factor: number, count = 10) =>
  Array.from({ length: count }, (_, index) => {
    const drift = 1 + 0.02 * (index / count);
    return { baseline: figures(drift), ours: figures(drift * factor) };
  });

describe("the interval of the ratio", () => {
  const pairs = (values: readonly number[], factor: number) =>
    values.map((value) => ({ baseline: value, ours: value * factor }));

  test("holds the ratio of medians", () => {
    const random = seededRandom(5);
    const noisy = Array.from({ length: 10 }, () => ({
      baseline: 90 + 20 * random(),
      ours: 95 + 20 * random(),
    }));
    const { low, high } = bootstrapRatio(noisy)!;
    expect(low).toBeLessThanOrEqual(ratioOfMedians(noisy));
    expect(high).toBeGreaterThanOrEqual(ratioOfMedians(noisy));
    expect(low).toBeLessThan(high);
  });

  test("is the same every time", () => {
    const values = pairs([10, 11, 9, 12, 10, 13], 1.1);
    expect(bootstrapRatio(values)).toEqual(bootstrapRatio(values));
  });

  test("is a point when both programs drift together", () => {
    const { low, high } = bootstrapRatio(pairs([10, 20, 30, 40, 50, 60, 70], 1.5))!;
    expect(low).toBeCloseTo(1.5, 12);
    expect(high).toBeCloseTo(1.5, 12);
  });

  test("needs a few launches", () => {
    expect(bootstrapRatio(pairs(new Array(FEWEST_FOR_INTERVAL - 1).fill(1), 1))).toBeNull();
    expect(bootstrapRatio(pairs(new Array(FEWEST_FOR_INTERVAL).fill(1), 1))).not.toBeNull();
  });

  test("covers a known ratio in 90 to 99 % of simulated comparisons", () => {
    const random = seededRandom(11);
    const trials = 400;
    let covered = 0;
    for (let trial = 0; trial < trials; trial++) {
      const noise = () => 1 + 0.1 * (random() + random() + random() - 1.5);
      const launches = Array.from({ length: 10 }, () => ({ baseline: 100 * noise(), ours: 120 * noise() }));
      const { low, high } = bootstrapRatio(launches)!;
      if (low <= 1.2 && 1.2 <= high) covered++;
    }
    expect(covered / trials).toBeGreaterThan(0.9);
    expect(covered / trials).toBeLessThan(0.995);
  });
});

describe("the verdict", () => {
  test.each([
    [1.02, { low: 1.0, high: 1.04 }, "ok"],
    [1.02, { low: 1.0, high: 1.06 }, "~"],
    [1.08, { low: 1.04, high: 1.12 }, "~"],
    [1.08, { low: 1.06, high: 1.1 }, "miss"],
    [1.04, null, "ok"],
    [1.06, null, "miss"],
  ] as const)("of a latency ratio of %d in %o is %s", (ratio, interval, verdict) => {
    expect(judge(ratio, interval, 1.05, true)).toBe(verdict);
  });

  test.each([
    [0.97, { low: 0.96, high: 0.98 }, "ok"],
    [0.97, { low: 0.94, high: 0.98 }, "~"],
    [0.9, { low: 0.88, high: 0.92 }, "miss"],
  ] as const)("of a throughput ratio of %d in %o is %s", (ratio, interval, verdict) => {
    expect(judge(ratio, interval, 0.95, false)).toBe(verdict);
  });

  test("of a row is the worst of its figures", () => {
    expect(worst(["ok", "~", "miss"])).toBe("miss");
    expect(worst(["ok", "~"])).toBe("~");
    expect(worst(["ok", "ok"])).toBe("ok");
  });
});

describe("the comparison of a row", () => {
  test("is ok within the limits and a miss beyond them", () => {
    expect(compareRow(row, rounds(1.03)).verdict).toBe("ok");
    expect(compareRow(row, rounds(1.07)).verdict).toBe("miss");
  });

  test("allows p99 more than p50 and mean", () => {
    const verdicts = compareRow(row, rounds(1.07)).metrics.map(({ metric, verdict }) => [metric, verdict]);
    expect(verdicts).toEqual([
      ["p50Ns", "miss"],
      ["meanNs", "miss"],
      ["p99Ns", "ok"],
      ["messagesPerSecond", "miss"],
    ]);
  });

  test("judges throughput where senders run ahead only", () => {
    const metrics = (changed: Partial<Row>) =>
      compareRow({ ...row, ...changed }, rounds(1)).metrics.map(({ metric }) => metric);
    expect(metrics({})).toContain("messagesPerSecond");
    expect(metrics({ load: "paced" })).not.toContain("messagesPerSecond");
    expect(metrics({ test: "round-trip" })).not.toContain("messagesPerSecond");
  });

  test("judges no latencies of queues that were not equally full", () => {
    const emptier = rounds(1).map(({ baseline, ours }) => ({
      baseline,
      ours: { ...ours, meanNs: ours.meanNs / 2 },
    }));
    const { metrics, inFlight, verdict } = compareRow(row, emptier);
    expect(metrics.map((each) => each.verdict)).toEqual(["depth", "depth", "depth", "ok"]);
    expect(inFlight!.baseline).toBeCloseTo((1200 * 1e6) / 1e9, 6);
    expect(inFlight!.ours).toBeCloseTo((600 * 1e6) / 1e9, 6);
    expect(verdict).toBe("depth");
  });

  test("looks at the median alone for the cost of an option, and more closely", () => {
    const verdict = (factor: number) => compareRow({ ...row, subject: "streaming", load: "paced" }, rounds(factor));
    expect(verdict(1.03).metrics.map(({ metric, verdict }) => [metric, verdict])).toEqual([["p50Ns", "miss"]]);
    expect(verdict(1.01).verdict).toBe("ok");
  });

  test("allows spinning rows less throughput", () => {
    const verdict = (wait: Row["wait"]) => compareRow({ ...row, wait }, rounds(1.08)).metrics[3]!.verdict;
    expect(verdict("block")).toBe("miss");
    expect(verdict("spin")).toBe("ok");
  });
});
