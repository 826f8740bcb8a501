/** From what was measured to the document that `-o` writes. Pure: no clock, no file, no machine. */

import { faultCount, measurementOf, problemOf } from "../measure/faults.ts";
import type { MechanismOutcome } from "../measure/measurement.ts";
import { type Settings, settingsApart } from "../plan/axes.ts";
import type { Mechanism, RunPlan, Test } from "../plan/run-plan.ts";
import { FEWEST_FOR_INTERVAL } from "../stats/bootstrap.ts";
import type { HostFacts } from "../system/host.ts";
import type { RunConditions } from "./conditions.ts";
import { buildDetails, isComplete, type Versions } from "./details.ts";
import { performanceMetrics, summaryFigures, summarySource } from "./metrics.ts";
import { distinctNames, MECHANISM_NAMES, namesOfVariant } from "./names.ts";
import { ranked } from "./ranking.ts";
import type { BenchmarkResult, MechanismResult, PerformanceMetrics, SystemInfo } from "./schema.ts";
import { secsAndNanos } from "./time.ts";
import { INTERVAL_DEFINITION, SCHEMA_VERSION } from "./versions.ts";

export type { Versions } from "./details.ts";

/** A run so far: `outcomes` may be fewer than the plans ask for, if it ended early or is still going on. */
export interface BuildInput {
  /** Run one after the other, each with outcomes of its own. */
  readonly plans: readonly RunPlan[];
  readonly outcomes: readonly MechanismOutcome[];
  /** There were more of them. */
  readonly hasForgotten?: boolean;
  readonly host: HostFacts;
  readonly startedAt: Date;
  readonly versions: Versions;
  readonly conditions: RunConditions;
}

/** The whole result document. */
export function buildResult(input: BuildInput): BenchmarkResult {
  const { plans, outcomes, host, startedAt, versions, conditions } = input;
  const settingsOf = settingsApart([...plans, ...outcomes.map((outcome) => outcome.plan)]);
  const systemInfo = buildSystemInfo(host, versions);
  const results = ranked(
    outcomes.map((outcome) =>
      buildMechanismResult(outcome, systemInfo, versions, conditions, settingsOf(outcome.plan)),
    ),
  );
  const notRun = plans.flatMap((plan) => mechanismsNotRun(plan, outcomes));
  return {
    metadata: {
      version: versions.tool,
      schema_version: SCHEMA_VERSION,
      interval_definition: INTERVAL_DEFINITION,
      timestamp: startedAt.toISOString(),
      total_tests: results.length,
      system_info: systemInfo,
      complete: !input.hasForgotten && notRun.length === 0 && outcomes.every((outcome) => isComplete(outcome)),
      machine: conditions.machine,
      mechanisms_not_run: notRun.map((mechanism) => MECHANISM_NAMES[mechanism].variant),
    },
    results,
    summary: buildOverallSummary(results),
  };
}

function buildMechanismResult(
  outcome: MechanismOutcome,
  systemInfo: SystemInfo,
  versions: Versions,
  conditions: RunConditions,
  settings: Settings,
): MechanismResult {
  const byTest = {
    oneWay: metricsOf(outcome, "one-way"),
    roundTrip: metricsOf(outcome, "round-trip"),
  };
  const { plan } = outcome;
  const problems = problemsOf(outcome);
  const faults = sum(outcome.measurements.map((measurement) => faultCount(measurement.counts)));
  return {
    mechanism: MECHANISM_NAMES[outcome.mechanism].variant,
    status: problems.length === 0 ? "Success" : { Failure: problems.join("; ") },
    test_config: {
      message_size: outcome.messageBytes,
      buffer_size: outcome.measurements.find(({ client }) => client !== null)?.client?.sendBufferBytes ?? 0,
      concurrency: plan.concurrency,
      msg_count: plan.durationNs === null ? plan.messageCount : null,
      duration: plan.durationNs === null ? null : secsAndNanos(plan.durationNs),
      one_way_enabled: plan.tests.includes("one-way"),
      round_trip_enabled: plan.tests.includes("round-trip"),
      warmup_iterations: plan.warmupCount,
      percentiles: [...plan.percentiles],
    },
    one_way_results: byTest.oneWay,
    round_trip_results: byTest.roundTrip,
    summary: {
      total_messages_sent: sum(outcome.measurements.map((measurement) => measurement.counts.sent)),
      total_bytes_transferred: sum(
        [byTest.oneWay, byTest.roundTrip].map((metrics) => metrics?.throughput.total_bytes ?? 0),
      ),
      ...summaryFigures(byTest),
      error_count: faults + problems.length,
    },
    timestamp: outcome.startedAt.toISOString(),
    test_duration: secsAndNanos(outcome.durationNs),
    system_info: systemInfo,
    details: buildDetails(outcome, versions, summarySource(byTest), conditions, settings),
  };
}

function metricsOf(outcome: MechanismOutcome, test: Test): PerformanceMetrics | null {
  const measurement = measurementOf(outcome.measurements, test);
  if (measurement === undefined) return null;
  return performanceMetrics({
    measurement,
    messageBytes: outcome.messageBytes,
    percentiles: outcome.plan.percentiles,
    fallbackStart: outcome.startedAt,
  });
}

/** "one-way: why", for each test asked for that did not succeed. */
function problemsOf(outcome: MechanismOutcome): string[] {
  return outcome.plan.tests.flatMap((test) => {
    const problem = problemOf(measurementOf(outcome.measurements, test));
    return problem === null ? [] : [`${test}: ${problem}`];
  });
}

/**
 * What the plan asks for less what was done, once for each size; what is asked for twice and run once is among it once.
 */
function mechanismsNotRun(plan: RunPlan, outcomes: readonly MechanismOutcome[]): Mechanism[] {
  const cellOf = (mechanism: Mechanism, messageBytes: number) => `${mechanism} ${messageBytes}`;
  const done = outcomes
    .filter((outcome) => outcome.plan === plan)
    .map((outcome) => cellOf(outcome.mechanism, outcome.messageBytes));
  return plan.mechanisms.flatMap((mechanism) =>
    plan.messageSizes
      .filter((messageBytes) => {
        const position = done.indexOf(cellOf(mechanism, messageBytes));
        if (position >= 0) done.splice(position, 1);
        return position < 0;
      })
      .map(() => mechanism),
  );
}

function buildSystemInfo(host: HostFacts, versions: Versions): SystemInfo {
  return {
    os: host.os,
    architecture: host.architecture,
    cpu_cores: host.cpuCores,
    memory_gb: host.memoryBytes / 1e9,
    rust_version: `n/a (Bun ${versions.bun})`,
    benchmark_version: versions.tool,
  };
}

/** `summary` of a document with these results. */
export function buildOverallSummary(results: readonly MechanismResult[]): BenchmarkResult["summary"] {
  const keys = distinctNames(results.map((result) => namesOfVariant(result.mechanism).display));
  const named = results.map((result, position) => ({ key: keys[position]!, result }));
  const successful = named.filter(({ result }) => result.status === "Success");
  // From fewer launches nobody can tell which one it is.
  const launches = successful.flatMap(({ result }) => result.details.tests.map((test) => test.launches.length));
  const sure = Math.min(...launches) >= FEWEST_FOR_INTERVAL ? successful : [];
  return {
    total_messages: sum(results.map((result) => result.summary.total_messages_sent)),
    total_bytes: sum(results.map((result) => result.summary.total_bytes_transferred)),
    total_errors: sum(results.map((result) => result.summary.error_count)),
    mechanisms: Object.fromEntries(
      named.map(({ key, result }) => [
        key,
        {
          mechanism: result.mechanism,
          average_throughput_megabytes_per_sec: result.summary.average_throughput_megabytes_per_sec,
          p95_latency_ns: result.summary.p95_latency_ns,
          p99_latency_ns: result.summary.p99_latency_ns,
          total_messages: result.summary.total_messages_sent,
        },
      ]),
    ),
    fastest_mechanism: keyOfLeast(sure, ({ summary, details }) =>
      details.summary_from.throughput === null ? null : -summary.average_throughput_megabytes_per_sec,
    ),
    lowest_latency_mechanism: keyOfLeast(sure, ({ summary }) => summary.average_latency_ns),
  };
}

/** Key of the entry with the least figure, the first of equals; entries without a figure don't take part. */
function keyOfLeast(
  entries: readonly { key: string; result: MechanismResult }[],
  figure: (result: MechanismResult) => number | null,
): string | null {
  let best: { key: string; value: number } | null = null;
  for (const { key, result } of entries) {
    const value = figure(result);
    if (value !== null && (best === null || value < best.value)) best = { key, value };
  }
  return best?.key ?? null;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
