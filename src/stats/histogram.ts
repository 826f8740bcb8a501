/**
 * Figures of a latency distribution, from the buckets and exact sums that the ledger keeps.
 *
 * The bucket layout is HdrHistogram's (https://github.com/HdrHistogram/HdrHistogram, `AbstractHistogram.java`,
 * `countsArrayIndex` and `valueFromIndex`) for lowest value 1, highest value 60e9 and 3 significant digits:
 * values below 2048 have a bucket each; above, each doubling of the value has 1024 buckets of equal width.
 */

import { decimalFraction, ratio } from "./exact.ts";
import type { LatencySnapshot } from "./snapshot.ts";

/** Values with a bucket of their own: the least power of two that gives 3 significant digits. */
const SUB_BUCKET_COUNT = 2048;
const SUB_BUCKET_HALF_COUNT = SUB_BUCKET_COUNT / 2;
const SUB_BUCKET_HALF_COUNT_MAGNITUDE = 10;

/** Length of `LatencySnapshot.bucketCounts`: 26 doublings, the first with twice the buckets. */
export const BUCKET_COUNT = 27_648;
/** Greatest value that falls into a bucket; greater ones are overflow. */
export const HIGHEST_BUCKETED_NS = 60_000_000_000;

/**
 * Bucket of a value in ns (integer, 0 to 60e9): HdrHistogram's `countsArrayIndex`, that is
 * `bucketIndex * 1024 + floor(value / 2^bucketIndex)` with `bucketIndex = floor(log2(max(value, 2047))) - 10`.
 */
export function bucketIndexOf(valueNs: number): number {
  const bucketIndex = floorLog2(Math.max(valueNs, SUB_BUCKET_COUNT - 1)) - SUB_BUCKET_HALF_COUNT_MAGNITUDE;
  return bucketIndex * SUB_BUCKET_HALF_COUNT + Math.floor(valueNs / 2 ** bucketIndex);
}

/** Least value in ns that falls into a bucket: HdrHistogram's `valueFromIndex`, the inverse of `bucketIndexOf`. */
export function lowestValueOf(index: number): number {
  if (index < SUB_BUCKET_COUNT) return index;
  const bucketIndex = Math.floor(index / SUB_BUCKET_HALF_COUNT) - 1;
  const subBucketIndex = (index % SUB_BUCKET_HALF_COUNT) + SUB_BUCKET_HALF_COUNT;
  return subBucketIndex * 2 ** bucketIndex;
}

/** Greatest value in ns that falls into a bucket: HdrHistogram's `highestEquivalentValue`. */
export function highestValueOf(index: number): number {
  return lowestValueOf(index + 1) - 1;
}

/** Exact for integers from 1 to 2^53, where `Math.log2` may round up just below a power of two. */
function floorLog2(value: number): number {
  const high = Math.floor(value / 2 ** 32);
  return high > 0 ? 63 - Math.clz32(high) : 31 - Math.clz32(value);
}

/** The distribution of nothing. Its minimum and maximum are 0, as in an unused ledger. */
export function emptySnapshot(): LatencySnapshot {
  return {
    bucketCounts: new BigUint64Array(BUCKET_COUNT),
    rises: new BigInt64Array(BUCKET_COUNT),
    count: 0n,
    minNs: 0n,
    maxNs: 0n,
    sumNs: 0n,
    sumOfSquaresNs2: 0n,
    overflowCount: 0n,
  };
}

/**
 * The distribution of all the values of several distributions; exact, whatever the order. Each part's first value begins an excursion,
 * if it lies high. How values followed each other is known where it is of every part.
 */
export function mergeSnapshots(parts: Iterable<LatencySnapshot>): LatencySnapshot {
  let { bucketCounts, rises, count, minNs, maxNs, sumNs, sumOfSquaresNs2, overflowCount } = emptySnapshot();
  for (const part of parts) {
    if (part.count === 0n) continue;
    addWords(bucketCounts, part.bucketCounts);
    if (part.rises === null) rises = null;
    if (part.rises !== null && rises !== null) addWords(rises, part.rises);
    if (count === 0n || part.minNs < minNs) minNs = part.minNs;
    if (part.maxNs > maxNs) maxNs = part.maxNs;
    count += part.count;
    sumNs += part.sumNs;
    sumOfSquaresNs2 += part.sumOfSquaresNs2;
    overflowCount += part.overflowCount;
  }
  return { bucketCounts, rises, count, minNs, maxNs, sumNs, sumOfSquaresNs2, overflowCount };
}

function addWords<T extends BigUint64Array | BigInt64Array>(totals: T, words: T): void {
  // Most of them are zero; to see that in halves makes no BigInt.
  const halves = new Uint32Array(words.buffer, words.byteOffset, 2 * BUCKET_COUNT);
  for (let index = 0; index < BUCKET_COUNT; index++) {
    if ((halves[2 * index]! | halves[2 * index + 1]!) !== 0) totals[index]! += words[index]!;
  }
}

/** Arithmetic mean in ns, from the exact sum and count; null of nothing. */
export function meanNs(snapshot: LatencySnapshot): number | null {
  return snapshot.count === 0n ? null : ratio(snapshot.sumNs, snapshot.count);
}

/**
 * Population standard deviation in ns, from the exact sums: `sqrt(n * sum(x^2) - sum(x)^2) / n`, where the
 * difference, in which doubles would cancel, is an integer. null of nothing. A role killed in the middle of a
 * record leaves sums that are a sample apart; where that makes the difference negative, the answer is 0.
 */
export function standardDeviationNs(snapshot: LatencySnapshot): number | null {
  const { count, sumNs, sumOfSquaresNs2 } = snapshot;
  if (count === 0n) return null;
  const scaledVariance = count * sumOfSquaresNs2 - sumNs * sumNs;
  return scaledVariance > 0n ? Math.sqrt(ratio(scaledVariance, count * count)) : 0;
}

/**
 * Values in ns at percentiles (0 to 100), in the order asked; null of nothing.
 *
 * HdrHistogram's definition (`getValueAtPercentile`): the value of the sample of rank `ceil(p / 100 * count)`, at
 * least 1, given as the greatest value of its bucket, so up to 0.1 % above the sample. Here it is never above the
 * exact maximum, percentile 0 is the exact minimum, ranks are computed without rounding, and a rank among the
 * values beyond 60 s is the maximum.
 */
export function percentilesNs(snapshot: LatencySnapshot, percentiles: readonly number[]): bigint[] | null {
  if (snapshot.count === 0n) return null;
  const ranks = percentiles.map((percentile) => rankOf(percentile, snapshot.count));
  return valuesAtRanks(snapshot, ranks);
}

/** Median in ns: percentile 50; null of nothing. */
export function medianNs(snapshot: LatencySnapshot): bigint | null {
  return percentilesNs(snapshot, [50])?.[0] ?? null;
}

/**
 * Values in ns at percentiles 0, 50, 75, 87.5, 93.75 …, each step halving what is left, up to the maximum: the
 * course of the distribution in `log2(count) + 2` figures. Empty of nothing.
 */
export function halvingPercentilesNs(snapshot: LatencySnapshot): bigint[] {
  if (snapshot.count === 0n) return [];
  const ranks: bigint[] = [];
  for (let left = snapshot.count; left > 0n; left /= 2n) ranks.push(snapshot.count - left);
  ranks.push(snapshot.count);
  return valuesAtRanks(snapshot, ranks);
}

/** Rank of a percentile: 0 stands for the minimum, `count` for the greatest sample. */
export function rankOf(percentile: number, count: bigint): bigint {
  const { numerator, denominator } = decimalFraction(percentile);
  if (numerator > 100n * denominator) throw new RangeError(`a percentile is at most 100, not ${percentile}`);
  const whole = 100n * denominator;
  return (numerator * count + whole - 1n) / whole;
}

function valuesAtRanks(snapshot: LatencySnapshot, ranks: readonly bigint[]): bigint[] {
  const values = new Array<bigint>(ranks.length).fill(snapshot.maxNs);
  const order = ranks.map((_, position) => position).sort((a, b) => Number(ranks[a]! - ranks[b]!));
  let reached = 0n;
  let index = -1;
  for (const position of order) {
    const rank = ranks[position]!;
    if (rank === 0n) {
      values[position] = snapshot.minNs;
      continue;
    }
    while (reached < rank && index + 1 < BUCKET_COUNT) {
      index += 1;
      reached += snapshot.bucketCounts[index]!;
    }
    if (reached < rank) break; // this rank and all greater ones lie among the overflow values
    const highest = BigInt(highestValueOf(index));
    values[position] = highest < snapshot.maxNs ? highest : snapshot.maxNs;
  }
  return values;
}
