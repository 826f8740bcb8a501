import type { MechanismOutcome } from "../measure/measurement.ts";
import type { WrittenFile } from "../report/summary.ts";
import type { BenchmarkResult } from "../result/schema.ts";

/** Everything known so far; outcomes are in the order of the document's results. */
export interface MeasuredSoFar {
  readonly result: BenchmarkResult;
  readonly outcomes: readonly MechanismOutcome[];
}

/** One output: takes what is known so far, again and again. */
export interface Sink {
  readonly written: () => WrittenFile;
  /** @throws RunError */
  readonly write: (measured: MeasuredSoFar) => void;
  /** @throws RunError */
  readonly finish: () => void;
}
