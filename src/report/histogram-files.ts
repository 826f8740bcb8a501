/**
 * Histograms in HdrHistogram's two text formats, written by `hdr-histogram-js`. Both hold the buckets that the ledger
 * counted: values are exact to 3 digits, and those beyond 60 s are in no bucket. Comment lines, which readers skip, tell
 * the exact extremes and how many values are missing for that reason.
 *
 * https://github.com/HdrHistogram/HdrHistogram, `HistogramLogWriter` (log format version 1.3) and
 * `AbstractHistogram.outputPercentileDistribution`.
 */

import { HistogramLogWriter } from "hdr-histogram-js";
import type { LaunchMeasurement } from "../measure/measurement.ts";
import { toHdrHistogram } from "../stats/hdr.ts";
import { meanNs, standardDeviationNs } from "../stats/histogram.ts";
import type { LatencySnapshot } from "../stats/snapshot.ts";

/** The interval maximum of a log is in ms, as Java writes it. */
const NS_PER_MS = 1e6;
const NS_PER_US = 1e3;
/** Java's default: steps up to each halving of what is left to 100 %. */
const TICKS_PER_HALF_DISTANCE = 5;

/** What stands at the head of a log. */
export interface LogHeading {
  readonly toolVersion: string;
  /** "uds, 1024 bytes, one-way". */
  readonly cell: string;
  /** What tells it from the other cells of the run: "rate 1000, wait spin"; "" for nothing. */
  readonly settings: string;
  readonly startedAt: Date;
}

/**
 * `--hlog`: an interval per launch, at the wall-clock time of its first measured message and as long as its measured
 * window. With a schedule the untagged intervals hold response time, those tagged `service` and `lateness` the other two.
 */
export function intervalLog(heading: LogHeading, launches: readonly LaunchMeasurement[]): string {
  const startedAtMs = Math.floor(Math.min(...launches.map((launch) => startMs(launch, heading.startedAt))));
  return [
    `#[Logged with ipc-benchmark ${heading.toolVersion}]\n`,
    written((writer) => writer.outputLogFormatVersion()),
    `#[StartTime: ${(startedAtMs / 1000).toFixed(3)} (seconds since epoch), ${new Date(startedAtMs).toISOString()}]\n`,
    settingsLine(heading.settings),
    `#[${heading.cell}: values in ns, Interval_Max in ms, one interval per launch]\n`,
    written((writer) => writer.outputLegend()),
    ...launches.map((launch) => launchLines(launch, heading.startedAt)),
  ].join("");
}

function settingsLine(settings: string): string {
  return settings === "" ? "" : `#[Settings: ${settings}]\n`;
}

function written(write: (writer: HistogramLogWriter) => void): string {
  let text = "";
  write(
    new HistogramLogWriter((content) => {
      text += content;
    }),
  );
  return text;
}

function startMs({ measurement }: LaunchMeasurement, otherwise: Date): number {
  const { startedAtEpochNs } = measurement;
  return startedAtEpochNs === null ? otherwise.getTime() : Number(startedAtEpochNs / 1000n) / 1000;
}

/** Encoding costs a millisecond or two, and files are written again after every launch. */
const linesOfLaunch = new WeakMap<LaunchMeasurement, string>();

function launchLines(launch: LaunchMeasurement, otherwise: Date): string {
  const known = linesOfLaunch.get(launch);
  if (known !== undefined) return known;
  const { latency, schedule, failure } = launch.measurement;
  const text = [
    failure === null ? "" : `#[launch ${launch.launch} failed: ${failure.replace(/\s+/g, " ")}]\n`,
    intervalLines(launch, null, latency, otherwise),
    schedule === null ? "" : intervalLines(launch, "service", schedule.service, otherwise),
    schedule === null ? "" : intervalLines(launch, "lateness", schedule.lateness, otherwise),
  ].join("");
  linesOfLaunch.set(launch, text);
  return text;
}

function intervalLines(
  launch: LaunchMeasurement,
  tag: string | null,
  snapshot: LatencySnapshot,
  otherwise: Date,
): string {
  const name = `launch ${launch.launch}${tag === null ? "" : `, ${tag}`}`;
  if (snapshot.count === 0n) return `#[${name}: nothing was recorded]\n`;
  const histogram = toHdrHistogram(snapshot);
  if (tag !== null) histogram.tag = tag;
  const start = startMs(launch, otherwise) / 1000;
  const end = start + Number(launch.measurement.windowNs ?? 0n) / 1e9;
  return (
    `#[${name}: ${exactFigures(snapshot)}]\n` +
    written((writer) => writer.outputIntervalHistogram(histogram, start, end, NS_PER_MS))
  );
}

/**
 * `--hgrm`: values at percentiles, in µs with three decimals, which is to the ns. As in HdrHistogram everywhere, values are
 * the greatest of their bucket, and the mean, deviation and maximum of the format's own footer come from the buckets.
 */
export function percentileText(snapshot: LatencySnapshot, cell: string, settings = ""): string {
  const distribution = toHdrHistogram(snapshot).outputPercentileDistribution(TICKS_PER_HALF_DISTANCE, NS_PER_US);
  const figures = snapshot.count === 0n ? "nothing was recorded" : exactFigures(snapshot);
  return `${distribution}${settingsLine(settings)}#[${cell}: values in us; ${figures}]\n`;
}

/** "exact: 10000 values, min 10001 ns, mean 15000.5 ns …", and what is not in the buckets. */
function exactFigures(snapshot: LatencySnapshot): string {
  const { count, minNs, maxNs, overflowCount } = snapshot;
  const deviation = standardDeviationNs(snapshot)?.toFixed(1);
  const exact = `exact: ${count} values, min ${minNs} ns, mean ${meanNs(snapshot)?.toFixed(1)} ns, standard deviation ${deviation} ns, max ${maxNs} ns`;
  return overflowCount === 0n ? exact : `${exact}; ${overflowCount} of them beyond 60 s are in no bucket`;
}
