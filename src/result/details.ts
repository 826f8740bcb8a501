/** Fills `details`: what a result says beyond the reference's format. */

import { measurementOf, problemOf } from "../measure/faults.ts";
import type { Measurement, MechanismOutcome, WorkerFigures } from "../measure/measurement.ts";
import { sum } from "../measure/merge.ts";
import type { RunPlan, Test } from "../plan/run-plan.ts";
import { exactInteger } from "../stats/exact.ts";
import { encodeBuckets } from "../stats/hdr.ts";
import type { LatencySnapshot } from "../stats/snapshot.ts";
import { cpuDmaLatencyDetails, realTimeDetails } from "../system/privileges-schema.ts";
import { cpuNsPerMessage } from "../system/usage.ts";
import { verdictDetails } from "../verdict/verdict-schema.ts";
import type { RunConditions } from "./conditions.ts";
import { judgeTest } from "./judgement.ts";
import { acrossLaunches, launchDetails, messagesPerSecond, sameCpuShare } from "./launches.ts";
import { latencyFigures, type SummarySource } from "./metrics.ts";
import type {
  Details,
  FiguresDetails,
  ScheduleDetails,
  SideDetails,
  TestDetails,
  WorkerDetails,
} from "./schema-details.ts";
import { unbackedPercentiles } from "./unbacked.ts";

/** Versions of the parts that measured. */
export interface Versions {
  readonly tool: string;
  readonly bun: string;
  /** null if the native part was not loaded. */
  readonly shimAbi: number | null;
}

/** `details` of one mechanism's result. */
export function buildDetails(
  outcome: MechanismOutcome,
  versions: Versions,
  source: SummarySource,
  conditions: RunConditions,
): Details {
  const { plan } = outcome;
  return {
    mode: plan.mode,
    standalone: plan.standalone?.side ?? null,
    complete: isComplete(outcome),
    endpoint: outcome.endpoint,
    reply: plan.reply,
    wait: plan.wait,
    send_delay_ns: plan.sendDelayNs,
    requested: {
      buffer_bytes: plan.bufferBytes,
      server_cpu: plan.serverCpu,
      client_cpu: plan.clientCpu,
      include_first_message: plan.includeFirstMessage,
      spin_ns: plan.spinNs,
      shm_direct: plan.shmDirect,
      pmq_priority: plan.pmqPriority,
    },
    summary_from: { throughput: source.throughput, latency: source.latency },
    tests: outcome.measurements.map((measurement) => testDetails(measurement, outcome, conditions)),
    cpu_dma_latency: conditions.cpuDmaLatency === null ? null : cpuDmaLatencyDetails(conditions.cpuDmaLatency),
    command_line: [...plan.commandLine],
    versions: { tool: versions.tool, bun: versions.bun, shim_abi: versions.shimAbi },
  };
}

/** Whether every launch of every test asked for ran to its end, with or without faults. */
export function isComplete(outcome: MechanismOutcome): boolean {
  const { plan } = outcome;
  return plan.tests.every(
    (test) =>
      measurementOf(outcome.measurements, test)?.complete === true &&
      outcome.launches.filter(({ measurement }) => measurement.test === test).length === plan.launches,
  );
}

function testDetails(measurement: Measurement, outcome: MechanismOutcome, conditions: RunConditions): TestDetails {
  const { plan } = outcome;
  const measured = outcome.launches.map((one) => one.measurement).filter(isOf(measurement.test));
  const launches = launchDetails(outcome, measurement.test);
  const { counts, sameCpuMessages, startedAtEpochNs, windowNs, clientWaits, serverWaits, streamStalls } = measurement;
  return {
    test: measurement.test,
    complete: measurement.complete,
    failure: problemOf(measurement),
    verdict: verdictDetails(judgeTest(outcome, measurement.test, measurement, conditions)),
    started_at_epoch_ns: startedAtEpochNs === null ? null : exactInteger(startedAtEpochNs),
    counts: { ...counts },
    window_ns: windowNs === null ? null : exactInteger(windowNs),
    latency: distribution(measurement.latency, plan.percentiles),
    latency_absent: measurement.latencyAbsent,
    foreign_peer: measurement.isPeerForeign,
    schedule: schedule(measurement, plan),
    launches,
    across_launches: acrossLaunches(launches, plan),
    room_waits: {
      client: { count: clientWaits.count, total_ns: clientWaits.totalNs },
      server: { count: serverWaits.count, total_ns: serverWaits.totalNs },
    },
    room_by: roomBy(outcome),
    stalls: streamStalls === null ? null : { count: streamStalls.count, total_ns: streamStalls.totalNs },
    same_cpu_messages: sameCpuMessages,
    same_cpu_share: sameCpuShare(measurement),
    client: side("client", measurement, measured),
    server: side("server", measurement, measured),
    workers: measurement.workers.map((figures) => {
      const launchesOf = measured.flatMap(({ workers }) => workers.filter(({ worker }) => worker === figures.worker));
      return workerDetails(figures, launchesOf, plan);
    }),
  };
}

/** As c/session/send.c looks for it: two processes that share a ledger see each other's counts. */
function roomBy({ mechanism, plan }: MechanismOutcome): TestDetails["room_by"] {
  if (mechanism !== "pmq") return null;
  return plan.standalone === null ? "peer's count" : "the system";
}

const isOf = (test: Test) => (measurement: Measurement) => measurement.test === test;

function workerDetails(measurement: WorkerFigures, launches: readonly Measurement[], plan: RunPlan): WorkerDetails {
  const { worker, counts, windowNs } = measurement;
  return {
    worker,
    complete: measurement.complete,
    failure: measurement.failure,
    counts: { ...counts },
    window_ns: windowNs === null ? null : exactInteger(windowNs),
    messages_per_second: messagesPerSecond(measurement),
    latency: figures(measurement.latency, plan.percentiles),
    client: side("client", measurement, launches),
    server: side("server", measurement, launches),
  };
}

function schedule({ schedule: figuresOf }: Measurement, plan: RunPlan): ScheduleDetails | null {
  if (figuresOf === null || plan.arrival === null) return null;
  return {
    requested_rate_per_second: plan.arrival.ratePerSecond,
    scheduled_rate_per_second: figuresOf.scheduledRatePerSecond,
    achieved_rate_per_second: figuresOf.achievedRatePerSecond,
    arrival: plan.arrival.kind,
    burst: plan.arrival.burst,
    seed: plan.seed,
    service_time: figures(figuresOf.service, plan.percentiles),
    lateness: figures(figuresOf.lateness, plan.percentiles),
  };
}

function figures(snapshot: LatencySnapshot, percentiles: readonly number[]): FiguresDetails | null {
  const latency = latencyFigures(snapshot, percentiles);
  const mergeable = distribution(snapshot, percentiles);
  return latency === null || mergeable === null ? null : { ...latency, distribution: mergeable };
}

/** @param launches that the measurement was merged from */
function side(
  name: "client" | "server",
  measurement: Measurement,
  launches: readonly Measurement[],
): SideDetails | null {
  const effective = measurement[name];
  if (effective === null) return null;
  // Those of a launch that did not come to its end cost something too, but nobody read how much.
  const messages = sum(launches.filter((launch) => launch[name]?.usage != null).map(({ counts }) => counts.received));
  return {
    pid: effective.pid,
    allowed_cpus: [...effective.allowedCpus],
    used_cpus: [...effective.usedCpus],
    migrations: effective.migrations,
    send_buffer_bytes: effective.sendBufferBytes,
    receive_buffer_bytes: effective.receiveBufferBytes,
    queue_depth: effective.queueDepth,
    real_time: effective.realTime === null ? null : realTimeDetails(effective.realTime),
    usage: effective.usage,
    cpu_ns_per_message: effective.usage === null ? null : cpuNsPerMessage(effective.usage, messages),
  };
}

function distribution(snapshot: LatencySnapshot, percentiles: readonly number[]): TestDetails["latency"] {
  if (snapshot.count === 0n) return null;
  return {
    count: exactInteger(snapshot.count),
    sum_ns: exactInteger(snapshot.sumNs),
    sum_of_squares_ns2: exactInteger(snapshot.sumOfSquaresNs2),
    overflow_count: exactInteger(snapshot.overflowCount),
    unbacked_percentiles: unbackedPercentiles(percentiles, snapshot.count),
    histogram_v2_base64: encodeBuckets(snapshot),
  };
}
