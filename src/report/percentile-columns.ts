/** Which of the percentiles asked for a table has room to show. */

const CENTRE = 50;
const TAIL = 99;

/**
 * The percentiles in the order in which they deserve a column: the one nearest to the median, the one nearest to
 * 99, then the others as asked. Each once.
 */
export function percentilesByImportance(asked: readonly number[]): number[] {
  const distinct = [...new Set(asked)];
  const centre = nearest(distinct, CENTRE);
  const tail = nearest(
    distinct.filter((percentile) => percentile !== centre),
    TAIL,
  );
  const first = [centre, tail].filter((percentile) => percentile !== undefined);
  return [...first, ...distinct.filter((percentile) => !first.includes(percentile))];
}

function nearest(percentiles: readonly number[], target: number): number | undefined {
  return percentiles.toSorted((a, b) => Math.abs(a - target) - Math.abs(b - target))[0];
}
