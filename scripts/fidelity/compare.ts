/** The statistics of the comparison: pure functions from launches to ratios and verdicts. */
import { measuresThroughput, type Row } from "./row.ts";

/** What one launch of either program measured. */
export interface Figures {
  readonly p50Ns: number;
  readonly meanNs: number;
  readonly p99Ns: number;
  readonly messagesPerSecond: number;
}

/** Both programs, one right after the other. */
export interface Round {
  readonly baseline: Figures;
  readonly ours: Figures;
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

export type Verdict = "ok" | "~" | "miss";

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

export interface Comparison {
  readonly metrics: readonly MetricComparison[];
  readonly verdict: Verdict;
}

const RESAMPLES = 2000;
const SEED = 7;
/** Fewer launches say too little about their own spread. */
export const FEWEST_FOR_INTERVAL = 6;

export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("the median of nothing");
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** A generator of numbers in [0, 1), the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

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
export function bootstrapRatio(pairs: readonly Pair[], seed = SEED, resamples = RESAMPLES): Interval | null {
  if (pairs.length < FEWEST_FOR_INTERVAL) return null;
  const random = seededRandom(seed);
  const ratios = Array.from({ length: resamples }, () =>
    ratioOfMedians(pairs.map(() => pairs[Math.floor(random() * pairs.length)]!)),
  ).sort((a, b) => a - b);
  const at = (share: number) => ratios[Math.min(resamples - 1, Math.floor(share * resamples))]!;
  return { low: at(0.025), high: at(0.975) };
}

/** Latencies may be this much longer than the baseline's. */
const LONGEST: Partial<Record<keyof Figures, number>> = { p50Ns: 1.05, meanNs: 1.05, p99Ns: 1.1 };

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
  if (verdicts.includes("miss")) return "miss";
  return verdicts.includes("~") ? "~" : "ok";
}

/** All figures of a row against their limits. */
export function compareRow(row: Row, rounds: readonly Round[]): Comparison {
  const metrics = (["p50Ns", "meanNs", "p99Ns"] as const).map((metric) =>
    compareMetric(metric, rounds, LONGEST[metric]!, true),
  );
  if (measuresThroughput(row))
    metrics.push(compareMetric("messagesPerSecond", rounds, lowestThroughput(row), false));
  return { metrics, verdict: worst(metrics.map(({ verdict }) => verdict)) };
}
