/** Bridge to `hdr-histogram-js`, for the encodings that other tools and languages read. */

import { inflateSync } from "node:zlib";
import { encodeIntoCompressedBase64, Float64Histogram } from "hdr-histogram-js";
import { BUCKET_COUNT, HIGHEST_BUCKETED_NS } from "./histogram.ts";
import type { LatencySnapshot } from "./snapshot.ts";

const LOWEST_NS = 1;
const SIGNIFICANT_DIGITS = 3;

/**
 * The buckets as a library histogram (what `build` makes of lowest 1, highest 60e9, 3 digits, 64-bit buckets, no
 * WebAssembly, no resizing). Values beyond 60 s are not in it.
 */
export function toHdrHistogram({ bucketCounts }: Pick<LatencySnapshot, "bucketCounts">): Float64Histogram {
  const histogram = new Float64Histogram(LOWEST_NS, HIGHEST_BUCKETED_NS, SIGNIFICANT_DIGITS);
  for (let index = 0; index < BUCKET_COUNT; index++) {
    const count = bucketCounts[index]!;
    // The library refuses a count beyond 2^53, so none is rounded.
    if (count !== 0n) histogram.setCountAtIndex(index, Number(count));
  }
  histogram.establishInternalTackingValues();
  return histogram;
}

/** The buckets in HdrHistogram's compressed V2 format, base64; every HdrHistogram library reads and merges it. */
export function encodeBuckets(snapshot: Pick<LatencySnapshot, "bucketCounts">): string {
  return encodeIntoCompressedBase64(toHdrHistogram(snapshot));
}

/** Of the V2 format: the cookie of what is compressed and of what that holds, each with the length of the rest, then the settings. */
const COMPRESSED_COOKIE = 0x1c849314;
const COOKIE = 0x1c849313;
const HEADER_BYTES = 40;
/** Every bucket with a count of its own, as long as counts get. */
const MOST_BYTES = HEADER_BYTES + 9 * BUCKET_COUNT;
/** What does not get shorter gets a little longer by compression; 4 characters for 3 bytes. */
export const MOST_ENCODED_LENGTH = 4 * Math.ceil((MOST_BYTES + 1024) / 3);

/**
 * Inverse of `encodeBuckets`: the bucket counts alone. Written out here, as the library believes every length and every run of empty
 * buckets that it reads, and what is read may be anybody's. @throws RangeError
 */
export function decodeBuckets(encoded: string): BigUint64Array {
  const compressed = Buffer.from(encoded, "base64");
  if (compressed.length < 8 || compressed.readInt32BE(0) !== COMPRESSED_COOKIE)
    throw new RangeError("this is not an encoded histogram");
  const bytes = inflated(compressed.subarray(8));
  if (bytes.length < HEADER_BYTES || bytes.readInt32BE(0) !== COOKIE)
    throw new RangeError("this is not an encoded histogram");
  const isOfOurs =
    bytes.readInt32BE(12) === SIGNIFICANT_DIGITS &&
    bytes.readBigInt64BE(16) === BigInt(LOWEST_NS) &&
    bytes.readBigInt64BE(24) === BigInt(HIGHEST_BUCKETED_NS);
  if (!isOfOurs)
    throw new RangeError("the encoded histogram has another range or precision than 1 ns to 60 s with 3 digits");
  return readCounts(bytes.subarray(HEADER_BYTES));
}

function inflated(bytes: Buffer): Buffer {
  try {
    return inflateSync(bytes, { maxOutputLength: MOST_BYTES });
  } catch {
    throw new RangeError("the encoded histogram can't be decompressed");
  }
}

/** ZigZag LEB128-64b9B words: a count, or less than zero a number of empty buckets. */
function readCounts(bytes: Buffer): BigUint64Array {
  const bucketCounts = new BigUint64Array(BUCKET_COUNT);
  let index = 0n;
  for (let at = 0; at < bytes.length; ) {
    let word = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) throw new RangeError("the encoded histogram ends in the middle of a count");
      const isLast = shift === 56n || byte < 0x80;
      word |= BigInt(isLast ? byte : byte & 0x7f) << shift;
      if (isLast) break;
    }
    const value = (word >> 1n) ^ -(word & 1n);
    if (value >= 0n && index < BUCKET_COUNT) bucketCounts[Number(index)] = value;
    index += value < 0n ? -value : 1n;
    if (index > BUCKET_COUNT) throw new RangeError("the encoded histogram has too many buckets");
  }
  return bucketCounts;
}
