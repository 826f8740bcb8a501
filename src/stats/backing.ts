/**
 * Whether a percentile says more about the mechanism than about chance. Two things must lie beyond it: enough samples, and enough
 * separate excursions. One stall makes many successive messages slow, and all of them are one event.
 */

import { decimalFraction } from "./exact.ts";
import { BUCKET_COUNT, percentilesNs, rankOf } from "./histogram.ts";
import type { LatencySnapshot } from "./snapshot.ts";

/** A percentile with fewer samples than this beyond it says more about chance than about the mechanism. */
export const SAMPLES_NEEDED_BEYOND = 10;
/** The same of excursions, where there are many samples. */
export const EXCURSIONS_NEEDED = 10;

/**
 * How many samples lie in the shorter tail, strictly beyond a percentile: above it from the median on, below it
 * before. `min(floor(p / 100 * n), n - ceil(p / 100 * n))`.
 */
export function samplesBeyond(percentile: number, count: bigint): bigint {
  const { numerator, denominator } = decimalFraction(percentile);
  const whole = 100n * denominator;
  const scaled = numerator * count;
  const below = scaled / whole;
  const above = count - (scaled + whole - 1n) / whole;
  return below < above ? below : above;
}

/** Where that tail lies, for sentences: "fewer than 10 lie below p0.5". */
export function tailOf(percentile: number): "below" | "above" {
  return percentile < 50 ? "below" : "above";
}

/** Whether enough samples lie beyond a percentile. */
export function hasSamplesBeyond(percentile: number, count: bigint): boolean {
  return samplesBeyond(percentile, count) >= BigInt(SAMPLES_NEEDED_BEYOND);
}

/** Excursions beyond a percentile, and how many of them it needs. */
export interface Excursions {
  readonly count: number;
  readonly needed: number;
}

/** null where it is not known how the values followed each other, and of nothing. */
export function excursionsBeyond(percentile: number, snapshot: LatencySnapshot): Excursions | null {
  if (snapshot.rises === null || snapshot.count === 0n) return null;
  return {
    count: excursionsTo(rankOf(percentile, snapshot.count), snapshot, snapshot.rises),
    needed: excursionsNeeded(Number(samplesBeyond(percentile, snapshot.count)), Number(snapshot.count)),
  };
}

/**
 * From the bucket of the median to that of the rank: the level with the fewest excursions. What goes up and down far out belongs to one
 * excursion from further in. Excursions below a level are as many as those above it, give or take one.
 */
function excursionsTo(rank: bigint, snapshot: LatencySnapshot, rises: BigInt64Array): number {
  const median = bucketAt(rankOf(50, snapshot.count), snapshot);
  const bucket = bucketAt(rank, snapshot);
  if (bucket.index === median.index) return excursionsIn(bucket, rank, rises);
  const [from, to] = [Math.min(bucket.index, median.index), Math.max(bucket.index, median.index)];
  let risen = rises.subarray(0, from).reduce((total, step) => total + step, 0n);
  let fewest = snapshot.count;
  for (let index = from; index < to; index++) {
    risen += rises[index]!;
    if (risen < fewest) fewest = risen;
  }
  return Number(fewest);
}

/** Where a rank lies; the index beyond the last stands for the values beyond the last bucket. */
interface Bucket {
  readonly index: number;
  readonly count: bigint;
  /** Values up to its end. */
  readonly reached: bigint;
}

function bucketAt(rank: bigint, { bucketCounts, count, overflowCount }: LatencySnapshot): Bucket {
  let reached = 0n;
  for (let index = 0; index < BUCKET_COUNT; index++) {
    reached += bucketCounts[index]!;
    if (reached >= rank) return { index, count: bucketCounts[index]!, reached };
  }
  return { index: BUCKET_COUNT, count: overflowCount, reached: count };
}

/**
 * With the median in the same bucket. Of values in one bucket nobody knows which is the greater one: they count as if chance had ordered
 * them, those that follow another one of them.
 */
function excursionsIn({ index, count, reached }: Bucket, rank: bigint, rises: BigInt64Array): number {
  const into = Number(rises.subarray(0, index).reduce((total, step) => total + step, 0n));
  const above = index < BUCKET_COUNT ? into + Number(rises[index]!) : 0;
  const tied = Number(count);
  const share = tied === 0 ? 0 : Number(reached - rank) / tied;
  const among = Math.max(0, tied - into - above - 1) * share * (1 - share);
  return Math.max(into, above) + Math.floor(among);
}

/**
 * Ten, or where few samples lie beyond a percentile as many as independent samples would nearly always have: three standard deviations
 * below the mean number of runs (A. Wald and J. Wolfowitz, 1940).
 */
export function excursionsNeeded(beyond: number, count: number): number {
  if (count < 2) return 1;
  const others = count - beyond;
  const mean = (beyond * (others + 1)) / count;
  const variance = (beyond * (beyond - 1) * (others + 1) * others) / (count * count * (count - 1));
  return Math.min(EXCURSIONS_NEEDED, Math.max(1, Math.floor(mean - 3 * Math.sqrt(variance))));
}

/** Whether enough excursions lie beyond a percentile, as far as that is known. */
export function hasExcursionsBeyond(percentile: number, snapshot: LatencySnapshot): boolean {
  const excursions = excursionsBeyond(percentile, snapshot);
  return excursions === null || excursions.count >= excursions.needed;
}

/** Whether the value of a percentile means something. */
export function isBacked(percentile: number, snapshot: LatencySnapshot): boolean {
  return hasSamplesBeyond(percentile, snapshot.count) && hasExcursionsBeyond(percentile, snapshot);
}

/** Values in ns at percentiles, with null where one is not backed; null of nothing. */
export function backedPercentilesNs(
  snapshot: LatencySnapshot,
  percentiles: readonly number[],
): (bigint | null)[] | null {
  const values = percentilesNs(snapshot, percentiles);
  return values?.map((value, i) => (isBacked(percentiles[i]!, snapshot) ? value : null)) ?? null;
}
