/** From a measurement to the verdict on it. */

import type { EffectiveSide, Measurement, MechanismOutcome } from "../measure/measurement.ts";
import type { RunPlan, Test } from "../plan/run-plan.ts";
import { medianNs, samplesBeyond } from "../stats/histogram.ts";
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

/** Of the launches that medians are taken from, else all there are. */
function fewestSamples(launches: readonly Measurement[], pooled: Measurement): number {
  return Math.min(...[pooled, ...usableLaunches(launches)].map(({ latency }) => Number(latency.count)));
}

/**
 * A launch is judged by what happened to it, but whether there are enough samples is a matter of all of them.
 * @param fewest samples of any launch
 */
function inputOf(
  launch: Measurement,
  pooled: Measurement,
  fewest: number,
  plan: RunPlan,
  conditions: RunConditions,
): VerdictInput {
  const p50Ns = medianNs(launch.latency);
  return {
    complete: launch.complete,
    failure: launch.failure,
    counts: launch.counts,
    latencyAbsent: launch.latencyAbsent,
    isThroughputKnown: messagesPerSecond(launch) !== null,
    isPeerForeign: launch.isPeerForeign,
    sampleCount: Number(pooled.latency.count),
    fewestSamples: fewest,
    isTimed: plan.durationNs !== null,
    percentiles: plan.percentiles.map((percentile) => ({
      percentile,
      samplesBeyond: Number(samplesBeyond(percentile, BigInt(fewest))),
    })),
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
    requestedBufferBytes: plan.bufferBytes,
    cpuDmaLatencyUs: conditions.cpuDmaLatency,
    clientCount: plan.concurrency,
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
  const fewest = fewestSamples(launches, pooled);
  const verdicts = launches.map((launch) => judge(inputOf(launch, pooled, fewest, outcome.plan, conditions)));
  const reasons = onceEach(verdicts.flatMap((verdict) => verdict.reasons));
  return {
    verdict: reasons.length > 0 ? "invalid" : "valid",
    reasons,
    warnings: onceEach(verdicts.flatMap((verdict) => verdict.warnings)),
  };
}
