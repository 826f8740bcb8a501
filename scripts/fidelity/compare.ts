/** The statistics of the comparison: pure functions from launches to ratios and verdicts. */

import { seededRandom } from "../../src/plan/random.ts";
import { bootstrapDistribution, FEWEST_FOR_INTERVAL, interval95, median } from "../../src/stats/bootstrap.ts";
import { measuresThroughput, type Row } from "./row.ts";

/** What one launch of either program measured. */
export interface Figures {
  readonly p50Ns: number;
  readonly meanNs: number;
  readonly p99Ns: number;
  readonly messagesPerSecond: number;
}

/** Both programs, one right after the other, in either order. */
export interface Round {
  readonly baseline: Figures;
  readonly ours: Figures;
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** "~": can't be told. "depth": the queue was not equally full, so that its latencies say nothing about the programs. */
export type Verdict = "ok" | "~" | "depth" | "miss";

/** One figure of both programs, as the median over the launches. */
export interface MetricComparison {
  readonly metric: keyof Figures;
  readonly baseline: number;
  readonly ours: number;
  readonly ratio: number;
  /** 95 % interval of the ratio; null with too few launches for one. */
  readonly interval: Interval | null;
  readonly limit: number;
  readonly verdict: Verdict;
}

/** Messages under way on average, by Little's law. */
export interface InFlight {
  readonly baseline: number;
  readonly ours: number;
}

export interface Comparison {
  readonly metrics: readonly MetricComparison[];
  /** Saturated one-way rows; else null. */
  readonly inFlight: InFlight | null;
  readonly verdict: Verdict;
}

const SEED = 7;

/** A pair of values that were measured one right after the other. */
export interface Pair {
  readonly baseline: number;
  readonly ours: number;
}

export function ratioOfMedians(pairs: readonly Pair[]): number {
  return median(pairs.map(({ ours }) => ours)) / median(pairs.map(({ baseline }) => baseline));
}

/**
 * 95 % bootstrap interval of the ratio of medians. Rounds are drawn, not single launches: what disturbs one program of a
 * round disturbs the other too.
 */
export function bootstrapRatio(pairs: readonly Pair[]): Interval | null {
  if (pairs.length < FEWEST_FOR_INTERVAL) return null;
  return interval95(bootstrapDistribution(pairs, ratioOfMedians, seededRandom(SEED)));
}

/** Latencies may be this much longer than the baseline's; the cost of an option shows in the median. */
const LONGEST: Readonly<Record<Row["subject"], Partial<Record<keyof Figures, number>>>> = {
  program: { p50Ns: 1.05, meanNs: 1.05, p99Ns: 1.1 },
  control: { p50Ns: 1.05, meanNs: 1.05, p99Ns: 1.1 },
  streaming: { p50Ns: 1.02 },
  orchestrator: { p50Ns: 1.02 },
};

/** Throughput may be this much lower. */
function lowestThroughput(row: Row): number {
  return row.wait === "spin" ? 0.9 : 0.95;
}

/** "~": on which side of the limit the ratio lies can't be told. */
export function judge(ratio: number, interval: Interval | null, limit: number, isUpper: boolean): Verdict {
  if (interval !== null && interval.low <= limit && interval.high >= limit) return "~";
  return (isUpper ? ratio <= limit : ratio >= limit) ? "ok" : "miss";
}

function compareMetric(
  metric: keyof Figures,
  rounds: readonly Round[],
  limit: number,
  isUpper: boolean,
): MetricComparison {
  const pairs = rounds.map((round) => ({ baseline: round.baseline[metric], ours: round.ours[metric] }));
  const ratio = ratioOfMedians(pairs);
  const interval = bootstrapRatio(pairs);
  return {
    metric,
    baseline: median(pairs.map((pair) => pair.baseline)),
    ours: median(pairs.map((pair) => pair.ours)),
    ratio,
    interval,
    limit,
    verdict: judge(ratio, interval, limit, isUpper),
  };
}

/** The worst of several. */
export function worst(verdicts: readonly Verdict[]): Verdict {
  return (["miss", "~", "depth"] as const).find((verdict) => verdicts.includes(verdict)) ?? "ok";
}

function inFlight(rounds: readonly Round[]): InFlight {
  const of = (program: keyof Round) =>
    median(rounds.map((round) => (round[program].meanNs * round[program].messagesPerSecond) / 1e9));
  return { baseline: of("baseline"), ours: of("ours") };
}

/** Which side of a saturated connection is the faster one decides whether its queue is full or empty. */
const LARGEST_DEPTH_RATIO = 1.2;

function isEquallyFull({ baseline, ours }: InFlight): boolean {
  return Math.max(baseline, ours) <= LARGEST_DEPTH_RATIO * Math.min(baseline, ours);
}

/** All figures of a row against their limits. */
export function compareRow(row: Row, rounds: readonly Round[]): Comparison {
  const longest = Object.entries(LONGEST[row.subject]) as [keyof Figures, number][];
  const metrics = longest.map(([metric, limit]) => compareMetric(metric, rounds, limit, true));
  if (!measuresThroughput(row))
    return { metrics, inFlight: null, verdict: worst(metrics.map(({ verdict }) => verdict)) };
  const depth = inFlight(rounds);
  const judged = isEquallyFull(depth) ? metrics : metrics.map((each) => ({ ...each, verdict: "depth" as const }));
  judged.push(compareMetric("messagesPerSecond", rounds, lowestThroughput(row), false));
  return { metrics: judged, inFlight: depth, verdict: worst(judged.map(({ verdict }) => verdict)) };
}
