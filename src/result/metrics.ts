/** One test's figures in the reference's format. */

import type { Measurement } from "../measure/measurement.ts";
import type { Test } from "../plan/run-plan.ts";
import { exactInteger, ratio } from "../stats/exact.ts";
import { halvingPercentilesNs, meanNs, medianNs, percentilesNs, standardDeviationNs } from "../stats/histogram.ts";
import type { LatencySnapshot } from "../stats/snapshot.ts";
import type { PerformanceMetrics, ResultSummary } from "./schema.ts";
import { epochNsToRfc3339 } from "./time.ts";

const NS_PER_SECOND = 1_000_000_000n;
const BYTES_PER_MEGABYTE = 1e6;

/** What the metrics of one test are made from. */
export interface MetricsInput {
  readonly measurement: Measurement;
  readonly messageBytes: number;
  readonly percentiles: readonly number[];
  /** Timestamp where the measured phase was never reached. */
  readonly fallbackStart: Date;
}

/** The reference's PerformanceMetrics of one test. */
export function performanceMetrics(input: MetricsInput): PerformanceMetrics {
  const { measurement, messageBytes, percentiles, fallbackStart } = input;
  const { startedAtEpochNs } = measurement;
  return {
    latency: latency(measurement.test, measurement.latency, percentiles),
    throughput: throughput(measurement, messageBytes),
    timestamp: startedAtEpochNs === null ? fallbackStart.toISOString() : epochNsToRfc3339(startedAtEpochNs),
  };
}

/** The figures of a distribution in the reference's names; null if nothing was recorded. */
export function latencyFigures(snapshot: LatencySnapshot, percentiles: readonly number[]) {
  const mean = meanNs(snapshot);
  const deviation = standardDeviationNs(snapshot);
  const median = medianNs(snapshot);
  const values = percentilesNs(snapshot, percentiles);
  if (mean === null || deviation === null || median === null || values === null) return null;
  return {
    min_ns: exactInteger(snapshot.minNs),
    max_ns: exactInteger(snapshot.maxNs),
    mean_ns: mean,
    median_ns: Number(median),
    std_dev_ns: deviation,
    percentiles: percentiles.map((percentile, position) => ({
      percentile,
      value_ns: exactInteger(values[position]!),
    })),
  };
}

function latency(test: Test, snapshot: LatencySnapshot, percentiles: readonly number[]): PerformanceMetrics["latency"] {
  const figures = latencyFigures(snapshot, percentiles);
  if (figures === null) return null;
  return {
    latency_type: test === "one-way" ? "OneWay" : "RoundTrip",
    ...figures,
    total_samples: exactInteger(snapshot.count),
    histogram_data: halvingPercentilesNs(snapshot).map(exactInteger),
  };
}

/** Messages received over the measured window; an empty window has rates of 0, not of infinity. */
function throughput(measurement: Measurement, messageBytes: number): PerformanceMetrics["throughput"] {
  const windowNs = measurement.windowNs ?? 0n;
  const messages = measurement.counts.received;
  const bytes = BigInt(messages) * BigInt(messageBytes);
  return {
    messages_per_second: windowNs > 0n ? ratio(BigInt(messages) * NS_PER_SECOND, windowNs) : 0,
    bytes_per_second: windowNs > 0n ? ratio(bytes * NS_PER_SECOND, windowNs) : 0,
    total_messages: messages,
    total_bytes: Number(bytes),
    duration_ns: exactInteger(windowNs),
  };
}

/** Metrics by test; null for a test not asked for or not run. */
export interface MetricsByTest {
  readonly oneWay: PerformanceMetrics | null;
  readonly roundTrip: PerformanceMetrics | null;
}

/** The one test from which the summary takes its average throughput, and the one for its latencies. */
export interface SummarySource {
  readonly throughput: Test | null;
  readonly latency: Test | null;
}

/**
 * One-way and round-trip are different intervals, so a figure comes from one of them, never from both: throughput
 * from the test that fills the channel (one-way), latency from the test that leaves it empty between messages
 * (round-trip); from the other one where that delivered nothing.
 */
export function summarySource({ oneWay, roundTrip }: MetricsByTest): SummarySource {
  const delivered = (metrics: PerformanceMetrics | null) => (metrics?.throughput.messages_per_second ?? 0) > 0;
  return {
    throughput: delivered(oneWay) ? "one-way" : delivered(roundTrip) ? "round-trip" : null,
    latency: roundTrip?.latency ? "round-trip" : oneWay?.latency ? "one-way" : null,
  };
}

/** The throughput and latency fields of the reference's BenchmarkSummary. */
export function summaryFigures(
  byTest: MetricsByTest,
): Omit<ResultSummary, "total_messages_sent" | "total_bytes_transferred" | "error_count"> {
  const source = summarySource(byTest);
  const rate = (test: Test | null) => (metricsOf(byTest, test)?.throughput.bytes_per_second ?? 0) / BYTES_PER_MEGABYTE;
  const latencies = metricsOf(byTest, source.latency)?.latency ?? null;
  const valueAt = (percentile: number) =>
    latencies?.percentiles.find((entry) => entry.percentile === percentile)?.value_ns ?? null;
  return {
    average_throughput_megabytes_per_sec: rate(source.throughput),
    peak_throughput_megabytes_per_sec: Math.max(rate("one-way"), rate("round-trip")),
    average_latency_ns: latencies?.mean_ns ?? null,
    min_latency_ns: latencies?.min_ns ?? null,
    max_latency_ns: latencies?.max_ns ?? null,
    p95_latency_ns: valueAt(95),
    p99_latency_ns: valueAt(99),
  };
}

function metricsOf({ oneWay, roundTrip }: MetricsByTest, test: Test | null): PerformanceMetrics | null {
  if (test === null) return null;
  return test === "one-way" ? oneWay : roundTrip;
}
