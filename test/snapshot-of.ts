import { BUCKET_COUNT, bucketIndexOf, emptySnapshot, HIGHEST_BUCKETED_NS } from "../src/stats/histogram.ts";
import type { LatencySnapshot } from "../src/stats/snapshot.ts";

/** The distribution of given values in ns (none negative), as if nobody knew in which order they came. */
export function snapshotOf(valuesNs: Iterable<bigint>): LatencySnapshot {
  return { ...seriesOf(valuesNs), rises: null };
}

/** The same, as the ledger would have recorded them one after the other. */
export function seriesOf(valuesNs: Iterable<bigint>): LatencySnapshot {
  let { bucketCounts, count, minNs, maxNs, sumNs, sumOfSquaresNs2, overflowCount } = emptySnapshot();
  const rises = new BigInt64Array(BUCKET_COUNT + 1);
  let lastIndex = 0;
  for (const valueNs of valuesNs) {
    if (count === 0n || valueNs < minNs) minNs = valueNs;
    if (valueNs > maxNs) maxNs = valueNs;
    count += 1n;
    sumNs += valueNs;
    sumOfSquaresNs2 += valueNs * valueNs;
    const index = valueNs > BigInt(HIGHEST_BUCKETED_NS) ? BUCKET_COUNT : bucketIndexOf(Number(valueNs));
    if (index === BUCKET_COUNT) overflowCount += 1n;
    else bucketCounts[index]! += 1n;
    if (index > lastIndex) {
      rises[lastIndex]! += 1n;
      rises[index]! -= 1n;
    }
    lastIndex = index;
  }
  // As with a ledger, all values in bucket 0 look like none that rose.
  const known = rises[0] === 0n && count > 0n ? null : rises.slice(0, BUCKET_COUNT);
  return { bucketCounts, rises: known, count, minNs, maxNs, sumNs, sumOfSquaresNs2, overflowCount };
}
