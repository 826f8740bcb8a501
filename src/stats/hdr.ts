/** Bridge to `hdr-histogram-js`, for the encodings that other tools and languages read. */

import { decodeFromCompressedBase64, encodeIntoCompressedBase64, Float64Histogram } from "hdr-histogram-js";
import type { LatencySnapshot } from "../measure/measurement.ts";
import { BUCKET_COUNT, HIGHEST_BUCKETED_NS } from "./histogram.ts";

const LOWEST_NS = 1;
const SIGNIFICANT_DIGITS = 3;

/**
 * The buckets as a library histogram (what `build` makes of lowest 1, highest 60e9, 3 digits, 64-bit buckets, no
 * WebAssembly, no resizing). Values beyond 60 s are not in it.
 */
export function toHdrHistogram(snapshot: LatencySnapshot): Float64Histogram {
  const histogram = new Float64Histogram(LOWEST_NS, HIGHEST_BUCKETED_NS, SIGNIFICANT_DIGITS);
  for (let index = 0; index < BUCKET_COUNT; index++) {
    const count = snapshot.bucketCounts[index]!;
    // The library refuses a count beyond 2^53, so none is rounded.
    if (count !== 0n) histogram.setCountAtIndex(index, Number(count));
  }
  histogram.establishInternalTackingValues();
  return histogram;
}

/** The buckets in HdrHistogram's compressed V2 format, base64; every HdrHistogram library reads and merges it. */
export function encodeBuckets(snapshot: LatencySnapshot): string {
  return encodeIntoCompressedBase64(toHdrHistogram(snapshot));
}

/** Inverse of `encodeBuckets`: the bucket counts alone. */
export function decodeBuckets(encoded: string): BigUint64Array {
  const histogram = decodeFromCompressedBase64(encoded, 64, false);
  const bucketCounts = new BigUint64Array(BUCKET_COUNT);
  if (!(histogram instanceof Float64Histogram) || histogram.countsArrayLength !== BUCKET_COUNT) {
    throw new RangeError(
      "the encoded histogram has another range or precision than 1 ns to 60 s with 3 digits",
    );
  }
  for (let index = 0; index < BUCKET_COUNT; index++)
    bucketCounts[index] = BigInt(histogram.getCountAtIndex(index));
  return bucketCounts;
}
