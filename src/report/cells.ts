/** The cells of a result (mechanism × size × test), as every table shows them. */

import type { Mechanism, Test } from "../plan/run-plan.ts";
import { namesOfVariant } from "../result/names.ts";
import type { BenchmarkResult, MechanismResult, PerformanceMetrics } from "../result/schema.ts";
import type { AcrossLaunches, LatencySpreads, TestDetails } from "../result/schema-details.ts";
import type { VerdictDetails } from "../verdict/verdict-schema.ts";

export interface ReportCell {
  readonly mechanism: Mechanism;
  readonly test: Test;
  readonly entry: MechanismResult;
  /** From 1; greater where the same mechanism, size and test occur again. */
  readonly repeat: number;
  /** null if nothing came of it. */
  readonly metrics: PerformanceMetrics | null;
  readonly details: TestDetails | undefined;
  /** Why the test did not succeed; null if it did. */
  readonly problem: string | null;
  readonly verdict: VerdictDetails | null;
}

/** Percentile and value, as the document lists them. */
export type PercentileValues = readonly { readonly percentile: number; readonly value_ns: number | bigint }[];
export type Spread = NonNullable<AcrossLaunches["mean_ns"]>;

/** Every test of every result that was asked for, in the document's order. */
export function cellsOf(result: BenchmarkResult): ReportCell[] {
  const cells = result.results.flatMap((entry) => testsOf(entry).map((test) => cellOf(entry, test)));
  const repeats = occurrences(
    cells.map(({ mechanism, test, entry }) => `${mechanism} ${entry.test_config.message_size} ${test}`),
  );
  return cells.map((cell, position) => ({ ...cell, repeat: repeats[position]! }));
}

/** For each key, how often it came up so far, itself included. */
export function occurrences(keys: readonly string[]): number[] {
  const seen = new Map<string, number>();
  return keys.map((key) => {
    const times = (seen.get(key) ?? 0) + 1;
    seen.set(key, times);
    return times;
  });
}

function testsOf({ test_config: config }: MechanismResult): Test[] {
  return [
    ...(config.one_way_enabled ? (["one-way"] as const) : []),
    ...(config.round_trip_enabled ? (["round-trip"] as const) : []),
  ];
}

function cellOf(entry: MechanismResult, test: Test): ReportCell {
  const details = entry.details.tests.find((candidate) => candidate.test === test);
  return {
    mechanism: namesOfVariant(entry.mechanism).flag,
    test,
    entry,
    repeat: 1,
    metrics: test === "one-way" ? entry.one_way_results : entry.round_trip_results,
    details,
    problem: details === undefined ? "not run" : details.failure,
    verdict: details?.verdict ?? null,
  };
}

/** Whether its figures should not be quoted: it failed, or was judged invalid. */
export function isDoubtful({ problem, verdict }: ReportCell): boolean {
  return problem !== null || verdict?.verdict === "invalid";
}

/** Percentiles that any of the results was asked for, ascending. */
export function askedPercentiles(result: BenchmarkResult): number[] {
  const asked = new Set(result.results.flatMap((entry) => entry.test_config.percentiles));
  return [...asked].sort((a, b) => a - b);
}

/** Which percentiles of a distribution are not backed. */
type Backing = Pick<NonNullable<TestDetails["latency"]>, "unbacked_percentiles">;

/** The value at a percentile; null if it was not asked for, nothing was recorded, or it is not backed. */
export function backedValue(
  values: PercentileValues | undefined,
  percentile: number,
  distribution: Backing | null | undefined,
): number | bigint | null {
  const value = values?.find((entry) => entry.percentile === percentile)?.value_ns;
  const isUnbacked = distribution?.unbacked_percentiles.some((entry) => entry.percentile === percentile) ?? true;
  return value === undefined || isUnbacked ? null : value;
}

/** Launches that count in medians, if the cell was launched more than once; else none. */
export function launchesOf({ details }: ReportCell): TestDetails["launches"] {
  const launches = details?.launches ?? [];
  return launches.length > 1 ? launches.filter((launch) => launch.complete) : [];
}

/** What the launches say together; null with one launch. */
export function acrossOf(cell: ReportCell): AcrossLaunches | null {
  return launchesOf(cell).length > 0 ? cell.details!.across_launches : null;
}

/** The median over launches with its interval; null without launches, or where one of them has too few samples for it. */
export function spreadAt(spreads: LatencySpreads | null, percentile: number): Spread | null {
  return spreads?.percentiles.find((entry) => entry.percentile === percentile)?.value_ns ?? null;
}

/** A distribution as tables show it. */
export interface TableFigures {
  readonly min_ns: number | bigint;
  readonly mean_ns: number;
  readonly median_ns: number | bigint;
  readonly max_ns: number | bigint;
  readonly samples: number | bigint;
  readonly percentiles: PercentileValues;
  readonly distribution: Backing | null | undefined;
  /** Where there are launches; then medians over them take the place of what all messages together say. */
  readonly spreads: LatencySpreads | null;
}

/** The latency of a cell; null without samples. */
export function headlineOf(cell: ReportCell): TableFigures | null {
  const latency = cell.metrics?.latency;
  if (!latency) return null;
  return { ...latency, samples: latency.total_samples, distribution: cell.details?.latency, spreads: acrossOf(cell) };
}

/** With a schedule, what stands beside the response time. */
export function besideOf(cell: ReportCell): { readonly name: string; readonly figures: TableFigures }[] {
  const schedule = cell.details?.schedule;
  const across = acrossOf(cell);
  const beside = [
    { name: "service", figures: schedule?.service_time, spreads: across?.service_time ?? null },
    { name: "lateness", figures: schedule?.lateness, spreads: across?.lateness ?? null },
  ];
  return beside.flatMap(({ name, figures, spreads }) =>
    figures ? [{ name, figures: { ...figures, samples: figures.distribution.count, spreads } }] : [],
  );
}

/** The mean that a table shows. */
export function meanShown({ mean_ns: mean, spreads }: TableFigures): number {
  return spreads?.mean_ns?.median ?? mean;
}

/** How a column says whether its percentile is pooled or the median over launches, which differ. */
export function percentileHead(percentile: number, hasLaunches: boolean, ofLaunches: string): string {
  return hasLaunches ? `p${percentile} ${ofLaunches}` : `p${percentile}`;
}

/** What a table shows at a percentile; null where it is not backed, or not in one of the launches. */
export function shownAt(
  { distribution, percentiles, spreads }: TableFigures,
  percentile: number,
): { readonly ns: number; readonly spread: Spread | null } | null {
  if (spreads !== null) {
    const spread = spreadAt(spreads, percentile);
    return spread && { ns: spread.median, spread };
  }
  const value = backedValue(percentiles, percentile, distribution);
  return value === null ? null : { ns: Number(value), spread: null };
}

/** Messages a second, with several launches the median over them; null where the measured window was empty. */
export function messagesPerSecond(cell: ReportCell): number | null {
  const ofLaunches = acrossOf(cell)?.messages_per_second;
  const throughput = cell.metrics?.throughput;
  if (ofLaunches) return ofLaunches.median;
  return throughput && throughput.duration_ns > 0 ? throughput.messages_per_second : null;
}
