/** A latency distribution as the ledger holds it: exact figures beside a log-linear histogram. */
export interface LatencySnapshot {
  /** Bucket counts in HdrHistogram's order (1 ns to 60 s, 3 significant digits), 27,648 entries. */
  readonly bucketCounts: BigUint64Array;
  /**
   * How values followed each other, by bucket: one that lies higher than the one before adds 1 where that lies and takes 1 where it lies
   * itself; the first rises from 0. The sum of all up to a bucket is the number of excursions above it. null: not known.
   */
  readonly rises: BigInt64Array | null;
  /** Values recorded, those beyond 60 s included. */
  readonly count: bigint;
  readonly minNs: bigint;
  readonly maxNs: bigint;
  readonly sumNs: bigint;
  readonly sumOfSquaresNs2: bigint;
  /** Values beyond 60 s: in `count`, minimum, maximum and sums, but in no bucket. */
  readonly overflowCount: bigint;
}
