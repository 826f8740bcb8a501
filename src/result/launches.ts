/** Fills the part of `details` that keeps launches apart. */

import type { Measurement, MechanismOutcome } from "../measure/measurement.ts";
import type { RunPlan, Test } from "../plan/run-plan.ts";
import { type Spread, spreadOf } from "../stats/bootstrap.ts";
import { ratio } from "../stats/exact.ts";
import { emptySnapshot } from "../stats/histogram.ts";
import type { LatencySnapshot } from "../stats/snapshot.ts";
import { latencyFigures } from "./metrics.ts";
import type { AcrossLaunches, LatencySpreads, LaunchDetails, LaunchFigures } from "./schema-details.ts";
import { type UnbackedPercentile, unbackedPercentiles } from "./unbacked.ts";

const NOTHING = emptySnapshot();
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
      const { counts, schedule } = measurement;
      const { percentiles } = outcome.plan;
      return {
        launch,
        complete: measurement.complete,
        failure: measurement.failure,
        received: counts.received,
        ...launchFigures(measurement.latency, percentiles),
        service_time: schedule && launchFigures(schedule.service, percentiles),
        lateness: schedule && launchFigures(schedule.lateness, percentiles),
        messages_per_second: messagesPerSecond(measurement),
        same_cpu_share: sameCpuShare(measurement),
        usage: {
          client: measurement.client?.usage ?? null,
          server: measurement.server?.usage ?? null,
        },
      };
    });
}

function launchFigures(snapshot: LatencySnapshot, percentiles: readonly number[]): LaunchFigures {
  const figures = latencyFigures(snapshot, percentiles);
  if (figures === null) return { mean_ns: null, max_ns: null, percentiles: [], unbacked_percentiles: [] };
  return {
    mean_ns: figures.mean_ns,
    max_ns: figures.max_ns,
    percentiles: figures.percentiles,
    unbacked_percentiles: unbackedPercentiles(percentiles, snapshot),
  };
}

/** The launches from which medians are taken: those that ran to their end. */
export function usableLaunches<T extends { readonly complete: boolean }>(launches: readonly T[]): T[] {
  return launches.filter((launch) => launch.complete);
}

/** Medians over them, with an interval from six of them on. */
export function acrossLaunches(launches: readonly LaunchDetails[], plan: RunPlan): AcrossLaunches {
  const usable = usableLaunches(launches);
  const beside = (which: "service_time" | "lateness") =>
    plan.arrival === null
      ? null
      : latencySpreads(
          usable.map((launch) => ofLaunch(launch, launch[which])),
          plan,
        );
  return {
    ...latencySpreads(
      usable.map((launch) => ofLaunch(launch, launch)),
      plan,
    ),
    service_time: beside("service_time"),
    lateness: beside("lateness"),
    messages_per_second: spreadIn(
      usable.map((launch) => launch.messages_per_second),
      plan,
    ),
  };
}

/** One distribution of a launch. */
interface OfLaunch {
  readonly launch: number;
  readonly figures: LaunchFigures | null;
}

const ofLaunch = ({ launch }: LaunchDetails, figures: LaunchFigures | null): OfLaunch => ({
  launch,
  figures,
});

function spreadIn(values: readonly (number | null)[], { seed }: RunPlan): Spread | null {
  return spreadOf(
    values.filter((value) => value !== null),
    seed,
  );
}

/** A median of values that mean little means no more: a percentile needs enough samples in each launch. */
function latencySpreads(launches: readonly OfLaunch[], plan: RunPlan): LatencySpreads {
  const mean = spreadIn(
    launches.map(({ figures }) => figures?.mean_ns ?? null),
    plan,
  );
  if (mean === null) return { mean_ns: null, percentiles: [], unbacked_percentiles: [] };
  const marks = plan.percentiles.map((percentile) => unbackedIn(launches, percentile));
  return {
    mean_ns: mean,
    percentiles: plan.percentiles
      .filter((_, i) => marks[i] === null)
      .map((percentile) => ({
        percentile,
        value_ns: spreadIn(
          launches.map((launch) => valueAt(launch, percentile)),
          plan,
        )!,
      })),
    unbacked_percentiles: marks.filter((mark) => mark !== null),
  };
}

function valueAt({ figures }: OfLaunch, percentile: number): number {
  return Number(figures!.percentiles.find((entry) => entry.percentile === percentile)!.value_ns);
}

/** The mark of the launch with the fewest samples for a percentile; null if all have enough. */
function unbackedIn(launches: readonly OfLaunch[], percentile: number): UnbackedPercentile | null {
  const marks = launches.flatMap(({ launch, figures }) => {
    const isEmpty = figures === null || figures.mean_ns === null;
    const own = isEmpty ? unbackedPercentiles([percentile], NOTHING) : figures.unbacked_percentiles;
    const mark = own.find((entry) => entry.percentile === percentile);
    if (mark === undefined) return [];
    return [launches.length === 1 ? mark : { ...mark, reason: `launch ${launch}: ${mark.reason}` }];
  });
  return marks.toSorted((a, b) => Number(a.samples_beyond) - Number(b.samples_beyond))[0] ?? null;
}
