/** Fills the part of `details` that keeps launches apart. */

import type { RunPlan, Test } from "../cli/plan.ts";
import type { Measurement, MechanismOutcome } from "../measure/measurement.ts";
import { type Spread, spreadOf } from "../stats/bootstrap.ts";
import { ratio } from "../stats/exact.ts";
import { latencyFigures } from "./metrics.ts";
import type { AcrossLaunches, LaunchDetails } from "./schema-details.ts";

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
        messages_per_second: messagesPerSecond(measurement),
        same_cpu_share: sameCpuShare(measurement),
        usage: {
          client: measurement.client?.usage ?? null,
          server: measurement.server?.usage ?? null,
        },
      };
    });
}

/** Medians over the launches that ran to their end, with an interval from six of them on. */
export function acrossLaunches(launches: readonly LaunchDetails[], plan: RunPlan): AcrossLaunches {
  const usable = launches.filter((launch) => launch.complete);
  const spread = (value: (launch: LaunchDetails) => number | null | undefined): Spread | null => {
    const values = usable.map(value).filter((figure) => figure !== null && figure !== undefined);
    return spreadOf(values, plan.seed);
  };
  return {
    mean_ns: spread((launch) => launch.mean_ns),
    percentiles: plan.percentiles.flatMap((percentile) => {
      const valueIn = (launch: LaunchDetails) =>
        launch.percentiles.find((entry) => entry.percentile === percentile)?.value_ns;
      const value = spread((launch) => {
        const found = valueIn(launch);
        return found === undefined ? null : Number(found);
      });
      return value === null ? [] : [{ percentile, value_ns: value }];
    }),
    messages_per_second: spread((launch) => launch.messages_per_second),
  };
}
