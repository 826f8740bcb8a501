/** `--csv`: one row per cell, every figure in a column whose name holds its unit. */

import type { BenchmarkResult } from "../result/schema.ts";
import type { FiguresDetails, SideDetails } from "../result/schema-details.ts";
import {
  acrossOf,
  askedPercentiles,
  backedValue,
  cellsOf,
  type PercentileValues,
  type ReportCell,
  type Spread,
  spreadAt,
} from "./cells.ts";
import { type CsvValue, csvText } from "./csv-library.ts";

interface CsvColumn {
  readonly head: string;
  readonly value: (cell: ReportCell) => CsvValue | undefined;
}

/**
 * The result as a table. Columns depend on the percentiles asked for, and on whether there is a schedule, not on what was
 * measured; a figure that there is not is an empty field, and so is a percentile with too little beyond it
 * (`unbacked_percentiles` names those).
 */
export function resultToCsv(result: BenchmarkResult): string {
  const cells = cellsOf(result);
  const percentiles = askedPercentiles(result);
  const columns = [
    ...identityColumns(),
    ...settingColumns(result),
    ...countColumns(),
    ...latencyColumns(percentiles),
    ...throughputColumns(),
    ...(cells.some(({ details }) => details?.schedule) ? scheduleColumns(percentiles) : []),
    ...launchColumns(percentiles),
    ...placementColumns(),
    ...verdictColumns(),
  ];
  return csvText(
    columns.map(({ head }) => head),
    cells.map((cell) => columns.map(({ value }) => value(cell) ?? null)),
  );
}

function identityColumns(): CsvColumn[] {
  return [
    { head: "mechanism", value: ({ entry }) => entry.mechanism },
    { head: "mode", value: ({ entry }) => entry.details.mode },
    { head: "test", value: ({ test }) => test },
    { head: "message_size_bytes", value: ({ entry }) => entry.test_config.message_size },
    { head: "repeat", value: ({ repeat }) => repeat },
    { head: "concurrency", value: ({ entry }) => entry.test_config.concurrency },
    { head: "messages_requested", value: ({ entry }) => entry.test_config.msg_count },
    { head: "duration_requested_ns", value: ({ entry }) => durationNs(entry.test_config.duration) },
    { head: "warmup_messages", value: ({ entry }) => entry.test_config.warmup_iterations },
    { head: "send_delay_ns", value: ({ entry }) => entry.details.send_delay_ns },
    { head: "started_at", value: ({ metrics }) => metrics?.timestamp },
  ];
}

/** What tells the tests of a matrix apart, in the words of the flags. */
function settingColumns({ results }: BenchmarkResult): CsvColumn[] {
  const flags = new Set(results.flatMap(({ details }) => Object.keys(details.settings)));
  return [...flags].map((flag) => ({
    head: `setting_${flag.replaceAll("-", "_")}`,
    value: ({ entry }) => entry.details.settings[flag] || null,
  }));
}

function durationNs(duration: { readonly secs: number; readonly nanos: number } | null): bigint | null {
  return duration && BigInt(duration.secs) * 1_000_000_000n + BigInt(duration.nanos);
}

function countColumns(): CsvColumn[] {
  return [
    { head: "messages", value: ({ details }) => details?.counts.received },
    { head: "sent", value: ({ details }) => details?.counts.sent },
    { head: "lost", value: ({ details }) => details?.counts.lost },
    { head: "duplicated", value: ({ details }) => details?.counts.duplicated },
    { head: "reordered", value: ({ details }) => details?.counts.reordered },
    { head: "corrupt", value: ({ details }) => details?.counts.corrupt },
  ];
}

function latencyColumns(percentiles: readonly number[]): CsvColumn[] {
  return [
    { head: "samples", value: ({ metrics }) => metrics?.latency?.total_samples },
    { head: "samples_beyond_60s", value: ({ details }) => details?.latency?.overflow_count },
    { head: "min_ns", value: ({ metrics }) => metrics?.latency?.min_ns },
    { head: "mean_ns", value: ({ metrics }) => metrics?.latency?.mean_ns },
    ...percentiles.map((percentile) => ({
      head: `p${percentile}_ns`,
      value: ({ metrics, details }: ReportCell) =>
        metrics?.latency && backedValue(metrics.latency.percentiles, percentile, details?.latency),
    })),
    { head: "max_ns", value: ({ metrics }) => metrics?.latency?.max_ns },
    { head: "std_dev_ns", value: ({ metrics }) => metrics?.latency?.std_dev_ns },
    { head: "unbacked_percentiles", value: unbackedPercentiles },
  ];
}

function unbackedPercentiles({ details }: ReportCell): string | undefined {
  return details?.latency?.unbacked_percentiles.map(({ percentile }) => percentile).join(" ");
}

function throughputColumns(): CsvColumn[] {
  const throughput = ({ metrics }: ReportCell) =>
    metrics && metrics.throughput.duration_ns > 0 ? metrics.throughput : null;
  return [
    { head: "messages_per_second", value: (cell) => throughput(cell)?.messages_per_second },
    { head: "bytes_per_second", value: (cell) => throughput(cell)?.bytes_per_second },
    { head: "window_ns", value: ({ details }) => details?.window_ns },
    { head: "in_flight", value: ({ details }) => details?.in_flight },
    { head: "ranked_by", value: ({ details }) => details?.ranked_by },
    { head: "vs_best", value: ({ details }) => details?.vs_best?.factor },
    { head: "vs_best_low", value: ({ details }) => details?.vs_best?.low },
    { head: "vs_best_high", value: ({ details }) => details?.vs_best?.high },
    { head: "vs_best_differs", value: ({ details }) => details?.vs_best?.differs },
  ];
}

function scheduleColumns(percentiles: readonly number[]): CsvColumn[] {
  return [
    { head: "rate_asked_per_second", value: ({ details }) => details?.schedule?.requested_rate_per_second },
    { head: "rate_achieved_per_second", value: ({ details }) => details?.schedule?.achieved_rate_per_second },
    { head: "slept_messages", value: ({ details }) => details?.pacing?.slept_messages },
    { head: "pacing", value: ({ details }) => details?.pacing?.kind },
    { head: "arrival", value: ({ details }) => details?.schedule?.arrival },
    { head: "burst_messages", value: ({ details }) => details?.schedule?.burst },
    ...figuresColumns("service", percentiles, ({ details }) => details?.schedule?.service_time),
    ...figuresColumns("lateness", percentiles, ({ details }) => details?.schedule?.lateness),
  ];
}

function figuresColumns(
  prefix: string,
  percentiles: readonly number[],
  figuresOf: (cell: ReportCell) => FiguresDetails | null | undefined,
): CsvColumn[] {
  return [
    { head: `${prefix}_min_ns`, value: (cell) => figuresOf(cell)?.min_ns },
    { head: `${prefix}_mean_ns`, value: (cell) => figuresOf(cell)?.mean_ns },
    ...percentiles.map((percentile) => ({
      head: `${prefix}_p${percentile}_ns`,
      value: (cell: ReportCell) => {
        const figures = figuresOf(cell);
        const values: PercentileValues | undefined = figures?.percentiles;
        return figures && backedValue(values, percentile, figures.distribution);
      },
    })),
    { head: `${prefix}_max_ns`, value: (cell) => figuresOf(cell)?.max_ns },
    { head: `${prefix}_std_dev_ns`, value: (cell) => figuresOf(cell)?.std_dev_ns },
  ];
}

function launchColumns(percentiles: readonly number[]): CsvColumn[] {
  return [
    { head: "launches", value: ({ details }) => details?.launches.length },
    { head: "launches_complete", value: ({ details }) => details?.launches.filter(isComplete).length },
    { head: "launch_interval", value: (cell) => meanSpread(cell)?.kind },
    ...spreadColumns("launch_mean", "ns", meanSpread),
    ...percentiles.flatMap((percentile) =>
      spreadColumns(`launch_p${percentile}`, "ns", (cell) => spreadAt(acrossOf(cell), percentile)),
    ),
    ...spreadColumns("launch_messages", "per_second", (cell) => acrossOf(cell)?.messages_per_second ?? null),
  ];
}

function isComplete(launch: { readonly complete: boolean }): boolean {
  return launch.complete;
}

function meanSpread(cell: ReportCell): Spread | null {
  return acrossOf(cell)?.mean_ns ?? null;
}

function spreadColumns(name: string, unit: string, spreadOf: (cell: ReportCell) => Spread | null): CsvColumn[] {
  return (["median", "low", "high"] as const).map((end) => ({
    head: `${name}_${end}_${unit}`,
    value: (cell) => spreadOf(cell)?.[end],
  }));
}

function placementColumns(): CsvColumn[] {
  return [
    { head: "same_cpu_share", value: ({ details }) => details?.same_cpu_share },
    ...sideColumns("client", ({ details }) => details?.client),
    ...sideColumns("server", ({ details }) => details?.server),
    { head: "client_room_waits", value: ({ details }) => details?.room_waits.client.count },
    { head: "client_room_wait_ns", value: ({ details }) => details?.room_waits.client.total_ns },
    { head: "server_room_waits", value: ({ details }) => details?.room_waits.server.count },
    { head: "server_room_wait_ns", value: ({ details }) => details?.room_waits.server.total_ns },
  ];
}

function sideColumns(side: string, sideOf: (cell: ReportCell) => SideDetails | null | undefined): CsvColumn[] {
  return [
    { head: `${side}_cpus`, value: (cell) => sideOf(cell)?.used_cpus.join(" ") },
    { head: `${side}_migrations`, value: (cell) => sideOf(cell)?.migrations },
    { head: `${side}_send_buffer_bytes`, value: (cell) => sideOf(cell)?.send_buffer_bytes },
    { head: `${side}_receive_buffer_bytes`, value: (cell) => sideOf(cell)?.receive_buffer_bytes },
    { head: `${side}_queue_depth_messages`, value: (cell) => sideOf(cell)?.queue_depth },
  ];
}

function verdictColumns(): CsvColumn[] {
  return [
    { head: "complete", value: ({ details }) => details?.complete ?? false },
    { head: "verdict", value: ({ verdict }) => verdict?.verdict },
    {
      head: "verdict_reasons",
      value: ({ verdict }) => verdict?.reasons.map(({ sentence }) => sentence).join("; "),
    },
    { head: "warnings", value: ({ verdict }) => verdict?.warnings.map(({ id }) => id).join(" ") },
    { head: "failure", value: ({ problem }) => problem },
  ];
}
