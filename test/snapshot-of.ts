import { bucketIndexOf, emptySnapshot, HIGHEST_BUCKETED_NS } from "../src/stats/histogram.ts";
import type { LatencySnapshot } from "../src/stats/snapshot.ts";

/** The distribution of given values in ns (none negative), as the ledger would have recorded them. */
export function snapshotOf(valuesNs: Iterable<bigint>): LatencySnapshot {
  let { bucketCounts, count, minNs, maxNs, sumNs, sumOfSquaresNs2, overflowCount } = emptySnapshot();
  for (const valueNs of valuesNs) {
    if (count === 0n || valueNs < minNs) minNs = valueNs;
    if (valueNs > maxNs) maxNs = valueNs;
    count += 1n;
    sumNs += valueNs;
    sumOfSquaresNs2 += valueNs * valueNs;
    if (valueNs > BigInt(HIGHEST_BUCKETED_NS)) overflowCount += 1n;
    else bucketCounts[bucketIndexOf(Number(valueNs))]! += 1n;
  }
  return { bucketCounts, count, minNs, maxNs, sumNs, sumOfSquaresNs2, overflowCount };
}
