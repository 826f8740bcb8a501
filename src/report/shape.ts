/** A distribution in a few characters. */

import type { TestDetails } from "../result/schema-details.ts";
import { decodeBuckets } from "../stats/hdr.ts";
import { HIGHEST_BUCKETED_NS, lowestValueOf } from "../stats/histogram.ts";

export const SHAPE_WIDTH = 8;
const UTF8_BARS = "▁▂▃▄▅▆▇█";
const ASCII_BARS = ".:-=+*#@";

type Distribution = NonNullable<TestDetails["latency"]>;

/** Where the columns end: beyond it a few outliers would leave the rest no room. */
const LAST_PERCENTILE_OF_THE_SCALE = 0.99;

/**
 * Eight columns from the least sample to percentile 99, of equal width on a logarithmic scale; the last one holds what lies
 * beyond, too. The height tells how many samples fall into each. Any sample shows; a blank column has none.
 */
export function shapeText(distribution: Distribution, minNs: number | bigint, utf8: boolean): string {
  const counts = columnCounts(distribution, Number(minNs));
  const greatest = Math.max(...counts);
  const bars = utf8 ? UTF8_BARS : ASCII_BARS;
  return counts
    .map((count) => (count === 0 ? " " : bars[Math.ceil((count / greatest) * bars.length) - 1]!))
    .join("")
    .trimEnd();
}

interface Bucket {
  readonly valueNs: number;
  readonly count: number;
}

function columnCounts(distribution: Distribution, minNs: number): number[] {
  const counts = new Array<number>(SHAPE_WIDTH).fill(0);
  const buckets = bucketsOf(distribution);
  const low = Math.log(Math.max(1, minNs));
  const width = (Math.log(scaleEndNs(buckets, Number(distribution.count))) - low) / SHAPE_WIDTH;
  for (const { valueNs, count } of buckets) {
    const column = width > 0 ? Math.floor((Math.log(Math.max(1, valueNs)) - low) / width) : 0;
    counts[Math.min(SHAPE_WIDTH - 1, Math.max(0, column))]! += count;
  }
  return counts;
}

/** The buckets that hold something, and after them one for the values that lie in none. */
function bucketsOf(distribution: Distribution): Bucket[] {
  const buckets: Bucket[] = [];
  for (const [index, count] of decodeBuckets(distribution.histogram_v2_base64).entries()) {
    if (count > 0n) buckets.push({ valueNs: lowestValueOf(index), count: Number(count) });
  }
  const beyond = Number(distribution.overflow_count);
  return beyond === 0 ? buckets : [...buckets, { valueNs: HIGHEST_BUCKETED_NS, count: beyond }];
}

function scaleEndNs(buckets: readonly Bucket[], total: number): number {
  let reached = 0;
  for (const { valueNs, count } of buckets) {
    reached += count;
    if (reached >= total * LAST_PERCENTILE_OF_THE_SCALE) return Math.max(1, valueNs);
  }
  return 1;
}
