/** From a measurement to the verdict on it. */

import type { EffectiveSide, Measurement, MechanismOutcome } from "../measure/measurement.ts";
import type { RunPlan, Test } from "../plan/run-plan.ts";
import { type Excursions, excursionsBeyond, samplesBeyond } from "../stats/backing.ts";
import { medianNs, percentilesNs } from "../stats/histogram.ts";
import type { LatencySnapshot } from "../stats/snapshot.ts";
import type { Finding, Verdict } from "../verdict/finding.ts";
import type { VerdictInput, VerdictSide } from "../verdict/input.ts";
import { judge } from "../verdict/judge.ts";
import type { RunConditions } from "./conditions.ts";
import { messagesPerSecond, sameCpuShare, usableLaunches } from "./launches.ts";

function sideOf(side: EffectiveSide | null, requestedCpu: number | null): VerdictSide | null {
  return side === null ? null : { ...side, requestedCpu };
}

/** What was asked of a side that another command started is not known: it is taken as it was found. */
function farSideOf(side: EffectiveSide | null): VerdictSide | null {
  if (side === null) return null;
  const [cpu, ...others] = side.allowedCpus;
  const requestedCpu = cpu !== undefined && others.length === 0 ? cpu : null;
  return { ...side, requestedCpu, sendBufferBytes: null, receiveBufferBytes: null };
}

/** What percentiles rest on: the launches that medians are taken from, and all messages together. */
interface Samples {
  readonly all: number;
  /** Of any launch. */
  readonly fewest: number;
  readonly percentiles: VerdictInput["percentiles"];
}

function samplesOf(launches: readonly Measurement[], pooled: Measurement, plan: RunPlan): Samples {
  const snapshots = [pooled, ...usableLaunches(launches)].map(({ latency }) => latency);
  const fewest = Math.min(...snapshots.map(({ count }) => Number(count)));
  return {
    all: Number(pooled.latency.count),
    fewest,
    percentiles: plan.percentiles.map((percentile) => ({
      percentile,
      samplesBeyond: Number(samplesBeyond(percentile, BigInt(fewest))),
      excursions: fewestExcursions(percentile, snapshots),
    })),
  };
}

function fewestExcursions(percentile: number, snapshots: readonly LatencySnapshot[]): Excursions | null {
  const known = snapshots.map((one) => excursionsBeyond(percentile, one)).filter((one) => one !== null);
  return known.toSorted((a, b) => a.count - a.needed - (b.count - b.needed))[0] ?? null;
}

/** null where there is nothing to compare. */
function latenessOf({ schedule, clientWaits }: Measurement, { arrival }: RunPlan): VerdictInput["lateness"] {
  if (schedule === null || arrival === null || arrival.kind === "burst") return null;
  const p99Ns = percentilesNs(schedule.lateness, [99])?.[0];
  const serviceP50Ns = medianNs(schedule.service);
  if (p99Ns === undefined || serviceP50Ns === null) return null;
  return { p99Ns: Number(p99Ns), serviceP50Ns: Number(serviceP50Ns), roomWaits: clientWaits.count };
}

/**
 * A launch is judged by what happened to it, but whether there are enough samples is a matter of all of them.
 */
function inputOf(launch: Measurement, samples: Samples, plan: RunPlan, conditions: RunConditions): VerdictInput {
  const p50Ns = medianNs(launch.latency);
  return {
    complete: launch.complete,
    failure: launch.failure,
    counts: launch.counts,
    latencyAbsent: launch.latencyAbsent,
    isThroughputKnown: messagesPerSecond(launch) !== null,
    isPeerForeign: launch.isPeerForeign,
    sampleCount: samples.all,
    fewestSamples: samples.fewest,
    percentiles: samples.percentiles,
    isTimed: plan.durationNs !== null,
    p50Ns: p50Ns === null ? null : Number(p50Ns),
    clockResolutionNs: conditions.clockResolutionNs,
    rate:
      plan.arrival === null
        ? null
        : {
            // What the schedule had these messages come to: a few Poisson arrivals are not the rate that was asked for.
            asked: launch.schedule?.scheduledRatePerSecond ?? plan.arrival.ratePerSecond,
            achieved: launch.schedule?.achievedRatePerSecond ?? null,
          },
    lateness: latenessOf(launch, plan),
    requestedBufferBytes: plan.bufferBytes,
    cpuDmaLatencyUs: conditions.cpuDmaLatency,
    clientCount: plan.concurrency,
    serverThreads: plan.mode === "blocking" ? plan.concurrency : 1,
    isSpinning: plan.wait === "spin",
    sameCpuShare: sameCpuShare(launch),
    streamStalls: launch.streamStalls,
    client: plan.standalone?.side === "server" ? farSideOf(launch.client) : sideOf(launch.client, plan.clientCpu),
    server: plan.standalone?.side === "client" ? farSideOf(launch.server) : sideOf(launch.server, plan.serverCpu),
    machine: conditions.machine,
  };
}

/** Figures that say what a finding is about; others say how bad it is. */
const SUBJECTS = ["side", "part", "buffer"] as const;

/** Each thing found once, with the figures of the first launch in which it was. */
function onceEach<F extends Finding>(findings: readonly F[]): F[] {
  const subject = ({ id, figures }: F) => [id, ...SUBJECTS.map((name) => figures[name] ?? "")].join(" ");
  return [...Map.groupBy(findings, subject).values()].map(([first]) => first!);
}

/** The verdict on one test with all its launches: invalid if one of them is. `pooled` are the launches merged. */
export function judgeTest(
  outcome: MechanismOutcome,
  test: Test,
  pooled: Measurement,
  conditions: RunConditions,
): Verdict {
  const launches = outcome.launches
    .map(({ measurement }) => measurement)
    .filter((measurement) => measurement.test === test);
  const samples = samplesOf(launches, pooled, outcome.plan);
  const verdicts = launches.map((launch) => judge(inputOf(launch, samples, outcome.plan, conditions)));
  const reasons = onceEach(verdicts.flatMap((verdict) => verdict.reasons));
  return {
    verdict: reasons.length > 0 ? "invalid" : "valid",
    reasons,
    warnings: onceEach(verdicts.flatMap((verdict) => verdict.warnings)),
  };
}
