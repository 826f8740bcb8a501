/** Fills the part of `details` that keeps launches apart. */

import type { RunPlan, Test } from "../cli/plan.ts";
import type { Measurement, MechanismOutcome } from "../measure/measurement.ts";
import { type Spread, spreadOf } from "../stats/bootstrap.ts";
import { ratio } from "../stats/exact.ts";
import { latencyFigures } from "./metrics.ts";
import type { AcrossLaunches, LatencySpreads, LaunchDetails } from "./schema-details.ts";
import { type UnbackedPercentile, unbackedPercentiles } from "./unbacked.ts";

const NS_PER_SECOND = 1_000_000_000n;

/** Share of the messages received that were handled with both sides on one CPU, 0 to 1; null if unknown. */
export function sameCpuShare({ sameCpuMessages, counts }: Measurement): number | null {
  if (sameCpuMessages === null || counts.received === 0) return null;
  return ratio(BigInt(sameCpuMessages), BigInt(counts.received));
}

/** Over its window; null where that is empty. */
export function messagesPerSecond({ windowNs, counts }: Measurement): number | null {
  if (windowNs === null || windowNs <= 0n) return null;
  return ratio(BigInt(counts.received) * NS_PER_SECOND, windowNs);
}

/** Each launch of one test by itself, in the order in which they ran. */
export function launchDetails(outcome: MechanismOutcome, test: Test): LaunchDetails[] {
  return outcome.launches
    .filter(({ measurement }) => measurement.test === test)
    .map(({ launch, measurement }) => {
      const figures = latencyFigures(measurement.latency, outcome.plan.percentiles);
      const { counts } = measurement;
      return {
        launch,
        complete: measurement.complete,
        failure: measurement.failure,
        received: counts.received,
        mean_ns: figures?.mean_ns ?? null,
        max_ns: figures?.max_ns ?? null,
        percentiles: figures?.percentiles ?? [],
        unbacked_percentiles:
          figures === null ? [] : unbackedPercentiles(outcome.plan.percentiles, measurement.latency.count),
        messages_per_second: messagesPerSecond(measurement),
        same_cpu_share: sameCpuShare(measurement),
        usage: {
          client: measurement.client?.usage ?? null,
          server: measurement.server?.usage ?? null,
        },
      };
    });
}

/** The launches from which medians are taken: those that ran to their end. */
export function usableLaunches<T extends { readonly complete: boolean }>(launches: readonly T[]): T[] {
  return launches.filter((launch) => launch.complete);
}

/** Medians over them, with an interval from six of them on. */
export function acrossLaunches(launches: readonly LaunchDetails[], plan: RunPlan): AcrossLaunches {
  const usable = usableLaunches(launches);
  return {
    ...latencySpreads(usable, plan),
    messages_per_second: spreadIn(usable, (launch) => launch.messages_per_second, plan),
  };
}

type Launches = readonly LaunchDetails[];

function spreadIn(
  launches: Launches,
  figureOf: (launch: LaunchDetails) => number | null,
  { seed }: RunPlan,
): Spread | null {
  return spreadOf(
    launches.map(figureOf).filter((value) => value !== null),
    seed,
  );
}

/** A median of values that mean little means no more: a percentile needs enough samples in each launch. */
function latencySpreads(launches: Launches, plan: RunPlan): LatencySpreads {
  const mean = spreadIn(launches, (launch) => launch.mean_ns, plan);
  if (mean === null) return { mean_ns: null, percentiles: [], unbacked_percentiles: [] };
  const marks = plan.percentiles.map((percentile) => unbackedIn(launches, percentile));
  return {
    mean_ns: mean,
    percentiles: plan.percentiles
      .filter((_, i) => marks[i] === null)
      .map((percentile) => ({
        percentile,
        value_ns: spreadIn(launches, (launch) => valueAt(launch, percentile), plan)!,
      })),
    unbacked_percentiles: marks.filter((mark) => mark !== null),
  };
}

function valueAt({ percentiles }: LaunchDetails, percentile: number): number {
  return Number(percentiles.find((entry) => entry.percentile === percentile)!.value_ns);
}

/** The mark of the launch with the fewest samples for a percentile; null if all have enough. */
function unbackedIn(launches: Launches, percentile: number): UnbackedPercentile | null {
  const marks = launches.flatMap(({ launch, mean_ns, unbacked_percentiles }) => {
    const own = mean_ns === null ? unbackedPercentiles([percentile], 0n) : unbacked_percentiles;
    const mark = own.find((entry) => entry.percentile === percentile);
    if (mark === undefined) return [];
    return [launches.length === 1 ? mark : { ...mark, reason: `launch ${launch}: ${mark.reason}` }];
  });
  return marks.toSorted((a, b) => Number(a.samples_beyond) - Number(b.samples_beyond))[0] ?? null;
}
