/** Whether the figures of a distribution, which may be anybody's word, can be those of one. */

import { bucketIndexOf, HIGHEST_BUCKETED_NS } from "./histogram.ts";
import type { LatencySnapshot } from "./snapshot.ts";

const HIGHEST = BigInt(HIGHEST_BUCKETED_NS);

const bucketOf = (valueNs: bigint) => bucketIndexOf(Number(valueNs));

/** What no values at all could have come to, in words; null if some could. */
export function contradictionIn(snapshot: LatencySnapshot): string | null {
  const { bucketCounts, count, minNs, maxNs, sumNs, sumOfSquaresNs2, overflowCount } = snapshot;
  const inBuckets = bucketCounts.reduce((total, one) => total + one, 0n);
  if (inBuckets + overflowCount !== count) return "counts that don't add up";
  if (count === 0n) return minNs + maxNs + sumNs + sumOfSquaresNs2 > 0n ? "sums of nothing" : null;
  if (minNs > maxNs) return "a minimum above the maximum";
  const first = bucketCounts.findIndex((one) => one > 0n);
  const last = bucketCounts.findLastIndex((one) => one > 0n);
  const isMinimumThere = first < 0 ? minNs > HIGHEST : minNs <= HIGHEST && bucketOf(minNs) === first;
  if (!isMinimumThere) return "a minimum that the histogram does not have";
  const isMaximumThere = overflowCount > 0n ? maxNs > HIGHEST : maxNs <= HIGHEST && bucketOf(maxNs) === last;
  if (!isMaximumThere) return "a maximum that the histogram does not have";
  if (sumNs < count * minNs || sumNs > count * maxNs) return "a mean outside minimum and maximum";
  // Cauchy and Schwarz below; above, no value is greater than the maximum.
  if (count * sumOfSquaresNs2 < sumNs * sumNs || sumOfSquaresNs2 > maxNs * sumNs)
    return "a sum of squares that the sum does not allow";
  if (!areRisesPossible(snapshot)) return "rises that no values have";
  return null;
}

/** Values lie above a bucket after a rise above it, each after another one at most. */
function areRisesPossible({ rises, bucketCounts, count }: LatencySnapshot): boolean {
  let risen = 0n;
  let above = count;
  return (rises ?? []).every((step, index) => {
    risen += step;
    above -= bucketCounts[index]!;
    return risen >= 0n && risen <= above && (risen > 0n || above === 0n);
  });
}
