import { mergeSnapshots } from "../stats/histogram.ts";
import type { LatencySnapshot } from "../stats/snapshot.ts";
import { addUsage } from "../system/usage-merge.ts";
import type {
  EffectiveSide,
  Measurement,
  MessageCounts,
  RoomWaits,
  StreamStalls,
  WorkerFigures,
} from "./measurement.ts";

export const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** null where one of them is not known. */
export const sumOrNull = (values: readonly (number | null)[]) =>
  values.includes(null) ? null : sum(values as number[]);

export function mergeCounts(parts: readonly MessageCounts[]): MessageCounts {
  const total = (field: Exclude<keyof MessageCounts, "lost">) => sum(parts.map((part) => part[field]));
  const lost = parts.map((part) => part.lost);
  return {
    sent: total("sent"),
    received: total("received"),
    lost: sumOrNull(lost),
    duplicated: total("duplicated"),
    reordered: total("reordered"),
    corrupt: total("corrupt"),
  };
}

export function mergeWaits(parts: readonly (RoomWaits | StreamStalls)[]): RoomWaits {
  return {
    count: sum(parts.map((part) => part.count)),
    totalNs: sum(parts.map((part) => part.totalNs)),
  };
}

/** The latest launch's process, with the CPUs and the costs of all. */
function mergeSides(parts: readonly (EffectiveSide | null)[]): EffectiveSide | null {
  const sides = parts.filter((side) => side !== null);
  const last = sides.at(-1);
  if (last === undefined) return null;
  const usedCpus = [...new Set(sides.flatMap((side) => side.usedCpus))].sort((a, b) => a - b);
  const usages = sides.map((side) => side.usage).filter((usage) => usage !== null);
  return {
    ...last,
    usedCpus,
    migrations: sum(sides.map((side) => side.migrations)),
    usage: addUsage(usages),
  };
}

function firstFailure(launches: readonly Measurement[]): string | null {
  const position = launches.findIndex((launch) => launch.failure !== null);
  if (position < 0) return null;
  const { failure } = launches[position]!;
  return launches.length === 1 ? failure : `launch ${position + 1}: ${failure}`;
}

/**
 * Launches of one cell as one measurement: distributions and counts are added, so percentiles are those of all messages, never
 * averages of percentiles. `launches` has at least one entry.
 */
export function mergeLaunches(launches: readonly Measurement[]): Measurement {
  const first = launches[0]!;
  const windows = launches.map((launch) => launch.windowNs).filter((window) => window !== null);
  const schedules = launches.map((launch) => launch.schedule).filter((schedule) => schedule !== null);
  const stalls = launches.map((launch) => launch.streamStalls).filter((entry) => entry !== null);
  const sameCpu = launches.map((launch) => launch.sameCpuMessages);
  const slowest = schedules
    .filter((schedule) => schedule.achievedRatePerSecond !== null)
    .toSorted((one, other) => one.achievedRatePerSecond! - other.achievedRatePerSecond!)[0];
  const merge = (snapshots: readonly LatencySnapshot[]) => mergeSnapshots(snapshots);
  return {
    test: first.test,
    failure: firstFailure(launches),
    complete: launches.every((launch) => launch.complete),
    counts: mergeCounts(launches.map((launch) => launch.counts)),
    latencyAbsent: launches.find((launch) => launch.latencyAbsent !== null)?.latencyAbsent ?? null,
    isPeerForeign: launches.some((launch) => launch.isPeerForeign),
    latency: merge(launches.map((launch) => launch.latency)),
    schedule:
      schedules.length === 0
        ? null
        : {
            service: merge(schedules.map((schedule) => schedule.service)),
            lateness: merge(schedules.map((schedule) => schedule.lateness)),
            achievedRatePerSecond: slowest?.achievedRatePerSecond ?? null,
            scheduledRatePerSecond: slowest?.scheduledRatePerSecond ?? null,
          },
    windowNs: windows.length === 0 ? null : windows.reduce((total, window) => total + window, 0n),
    sleptMessages: sumOrNull(launches.map((launch) => launch.sleptMessages)),
    clientWaits: mergeWaits(launches.map((launch) => launch.clientWaits)),
    serverWaits: mergeWaits(launches.map((launch) => launch.serverWaits)),
    streamStalls: first.streamStalls === null ? null : mergeWaits(stalls),
    sameCpuMessages: sumOrNull(sameCpu),
    client: mergeSides(launches.map((launch) => launch.client)),
    server: mergeSides(launches.map((launch) => launch.server)),
    workers: mergeLaunchesOfWorkers(launches),
    startedAtEpochNs: first.startedAtEpochNs,
  };
}

/** By the clients' numbers, since a launch may lack a client. */
function mergeLaunchesOfWorkers(launches: readonly Measurement[]): WorkerFigures[] {
  const all = launches.flatMap(({ workers }) => workers);
  const numbers = [...new Set(all.map(({ worker }) => worker))].sort((a, b) => a - b);
  return numbers.map((worker) => ({ ...mergeLaunches(all.filter((one) => one.worker === worker)), worker }));
}
