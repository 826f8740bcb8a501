/** How far values lie from the best of them, and how sure that is. */

import { seededRandom } from "../plan/random.ts";
import { FEWEST_FOR_INTERVAL, interval95, median, medianOfSorted, RESAMPLES } from "./bootstrap.ts";

/** Which of two values is the better one. */
export type Better = "less" | "more";

/** A value divided by the best one of its group. */
export interface Factor {
  readonly factor: number;
  /** Ends of its 95 % interval; null with too few rounds. */
  readonly interval: { readonly low: number; readonly high: number } | null;
}

const best = (values: readonly number[], better: Better) =>
  better === "less" ? Math.min(...values) : Math.max(...values);

/**
 * Each column's median divided by that of the best column. The interval is a percentile bootstrap over the rounds: what ran in
 * one round had the same neighbours, so rounds are drawn whole. Every draw picks its best column anew, since which one is best
 * is as uncertain as how far the others lie from it. So 1 is an end of the interval of each column that may be the best one.
 * @param rounds for each round the value of every column, above 0
 */
export function factorsOf(rounds: readonly (readonly number[])[], better: Better, seed: number): Factor[] {
  const columns = rounds[0]?.map((_, column) => Float64Array.from(rounds, (round) => round[column]!)) ?? [];
  const factors = againstBest(columns.map(median), better);
  if (rounds.length < FEWEST_FOR_INTERVAL) return factors.map((factor) => ({ factor, interval: null }));
  const drawn = drawnFactors(columns, better, seededRandom(seed));
  return factors.map((factor, column) => ({ factor, interval: interval95(drawn[column]!.sort()) }));
}

export function againstBest(values: readonly number[], better: Better): number[] {
  const reference = best(values, better);
  return values.map((value) => value / reference);
}

/** For each column its factors, one for each draw. */
function drawnFactors(columns: readonly Float64Array[], better: Better, random: () => number): Float64Array[] {
  const count = columns[0]!.length;
  const rows = new Uint32Array(count);
  const samples = columns.map(() => new Float64Array(count));
  const drawn = columns.map(() => new Float64Array(RESAMPLES));
  for (let draw = 0; draw < RESAMPLES; draw++) {
    for (let i = 0; i < count; i++) rows[i] = Math.floor(random() * count);
    const medians = columns.map((values, column) => {
      const sample = samples[column]!;
      for (let i = 0; i < count; i++) sample[i] = values[rows[i]!]!;
      return medianOfSorted(sample.sort());
    });
    for (const [column, factor] of againstBest(medians, better).entries()) drawn[column]![draw] = factor;
  }
  return drawn;
}

/** Whether a column can be told from the best one; null with too few rounds to say. */
export function differsFromBest({ interval }: Factor): boolean | null {
  return interval === null ? null : interval.low > 1 || interval.high < 1;
}
