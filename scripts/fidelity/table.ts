/** The comparison as text. */
import type { Comparison, Figures, MetricComparison } from "./compare.ts";
import { type Row, rowName } from "./row.ts";

const TITLES: Readonly<Record<keyof Figures, string>> = {
  p50Ns: "p50",
  meanNs: "mean",
  p99Ns: "p99",
  messagesPerSecond: "msg/s",
};

/** The longest name of a row. */
const NAME_COLUMNS = 60;

const three = (value: number) => (value >= 1000 ? String(Math.round(value)) : String(Number(value.toPrecision(3))));

function value(metric: keyof Figures, figure: number): string {
  if (metric !== "messagesPerSecond") return `${three(figure / 1000)} us`;
  return figure >= 1e6 ? `${three(figure / 1e6)} M` : `${three(figure / 1000)} k`;
}

function ratio({ ratio, interval }: MetricComparison): string {
  if (interval === null) return ratio.toFixed(3);
  return `${ratio.toFixed(3)} (${interval.low.toFixed(3)}-${interval.high.toFixed(3)})`;
}

/** One line a metric, the row's name on the first; columns of fixed width, so that lines can be printed as they come. */
export function rowText(row: Row, { metrics, inFlight }: Comparison): string {
  const lines = metrics.map((metric, index) =>
    [
      (index === 0 ? rowName(row) : "").padEnd(NAME_COLUMNS),
      TITLES[metric.metric].padEnd(5),
      value(metric.metric, metric.baseline).padStart(10),
      value(metric.metric, metric.ours).padStart(10),
      ratio(metric).padEnd(21),
      metric.limit.toFixed(2),
      metric.verdict,
    ].join("  "),
  );
  if (inFlight !== null) {
    const depths = [inFlight.baseline, inFlight.ours].map((depth) => three(depth).padStart(10));
    lines.push(["".padEnd(NAME_COLUMNS), "depth", ...depths].join("  "));
  }
  return lines.join("\n");
}

export const TABLE_HEAD = [
  "".padEnd(NAME_COLUMNS),
  "     ",
  "baseline".padStart(10),
  "ours".padStart(10),
  "ratio (95 %)".padEnd(21),
  "limit",
].join("  ");

/** How many figures are on which side of their limits, and which rows missed. */
export function closingText(rows: readonly { row: Row; comparison: Comparison }[]): string {
  const verdicts = rows.flatMap(({ comparison }) => comparison.metrics.map(({ verdict }) => verdict));
  const count = (wanted: string) => verdicts.filter((verdict) => verdict === wanted).length;
  const missed = rows
    .filter(({ comparison }) => comparison.verdict === "miss")
    .map(({ row, comparison }) => {
      const metrics = comparison.metrics.filter(({ verdict }) => verdict === "miss");
      return `  ${rowName(row)}: ${metrics.map(({ metric }) => TITLES[metric]).join(", ")}`;
    });
  const counts = `${rows.length} rows, ${verdicts.length} figures: ${count("ok")} ok, ${count("~")} can't be told (~), ${count("depth")} not comparable (depth), ${count("miss")} missed`;
  return [counts, ...missed].join("\n");
}
