/** Clients that were measured at once, as one measurement. Pure. */

import { mergeSnapshots } from "../stats/histogram.ts";
import { mergeUsage } from "../system/usage-merge.ts";
import type { EffectiveSide, Measurement, ScheduleFigures, WorkerFigures } from "./measurement.ts";
import { mergeCounts, mergeWaits, sum, sumOrNull } from "./merge.ts";

/** One client with its connection. */
export interface WorkerMeasurement {
  readonly measurement: Measurement;
  /** Client, from 0; absent: as many come before it. */
  readonly worker?: number;
  /** CLOCK_MONOTONIC; null: nothing was sent. */
  readonly firstSendNs: bigint | null;
  /** CLOCK_MONOTONIC; null: nothing arrived. */
  readonly lastReceiveNs: bigint | null;
}

const isThere = <T>(value: T | null): value is T => value !== null;
const ascendingOnce = (values: readonly number[]) => [...new Set(values)].sort((a, b) => a - b);
const least = (values: readonly (number | null)[]) => {
  const known = values.filter(isThere);
  return known.length === 0 ? null : Math.min(...known);
};
const ascending = (values: readonly bigint[]) => [...values].sort((a, b) => (a < b ? -1 : 1));
const smallest = (values: readonly bigint[]) => ascending(values).at(0) ?? null;
const largest = (values: readonly bigint[]) => ascending(values).at(-1) ?? null;

/** What held for all of them; of what differs, the least. The process named is the first. */
function mergeSides(parts: readonly (EffectiveSide | null)[]): EffectiveSide | null {
  const sides = parts.filter(isThere);
  const first = sides[0];
  if (first === undefined) return null;
  const isDenied = ({ realTime }: EffectiveSide) =>
    realTime !== null && (realTime.fifoPriority.isDenied || realTime.memoryLock.isDenied);
  return {
    pid: first.pid,
    allowedCpus: ascendingOnce(sides.flatMap((side) => side.allowedCpus)),
    usedCpus: ascendingOnce(sides.flatMap((side) => side.usedCpus)),
    migrations: sum(sides.map((side) => side.migrations)),
    sendBufferBytes: least(sides.map((side) => side.sendBufferBytes)),
    receiveBufferBytes: least(sides.map((side) => side.receiveBufferBytes)),
    queueDepth: least(sides.map((side) => side.queueDepth)),
    realTime: (sides.find(isDenied) ?? first).realTime,
    usage: mergeUsage(sides.map((side) => side.usage).filter(isThere)),
  };
}

function mergeSchedules(parts: readonly ScheduleFigures[]): ScheduleFigures | null {
  if (parts.length === 0) return null;
  const total = (rates: readonly (number | null)[]) => {
    const known = rates.filter(isThere);
    return known.length === 0 ? null : sum(known);
  };
  return {
    service: mergeSnapshots(parts.map((part) => part.service)),
    lateness: mergeSnapshots(parts.map((part) => part.lateness)),
    achievedRatePerSecond: total(parts.map((part) => part.achievedRatePerSecond)),
    scheduledRatePerSecond: total(parts.map((part) => part.scheduledRatePerSecond)),
  };
}

function failureOf(workers: readonly WorkerFigures[]): string | null {
  const failed = workers.find(({ failure }) => failure !== null);
  return failed === undefined ? null : `client ${failed.worker}: ${failed.failure}`;
}

/**
 * Distributions and counts are added; the window is that of all clients together, from the first send of any to the last receive of
 * any.
 * @param parts in the order of the clients' numbers, at least one
 * @param failure why the test ended early, or null
 * @param serverUsage what their one server cost
 */
export function mergeWorkers(
  parts: readonly WorkerMeasurement[],
  failure: string | null,
  serverUsage: EffectiveSide["usage"],
): Measurement {
  const workers = parts.map(({ measurement, worker }, position) => ({
    ...measurement,
    worker: worker ?? position,
  }));
  const firstSendNs = smallest(parts.map((part) => part.firstSendNs).filter(isThere));
  const lastReceiveNs = largest(parts.map((part) => part.lastReceiveNs).filter(isThere));
  const sameCpu = workers.map((worker) => worker.sameCpuMessages);
  const stalls = workers.map((worker) => worker.streamStalls).filter(isThere);
  const server = mergeSides(workers.map((worker) => worker.server));
  return {
    test: workers[0]!.test,
    failure: failure ?? failureOf(workers),
    complete: failure === null,
    counts: mergeCounts(workers.map((worker) => worker.counts)),
    latency: mergeSnapshots(workers.map((worker) => worker.latency)),
    latencyAbsent: workers.find((worker) => worker.latencyAbsent !== null)?.latencyAbsent ?? null,
    isPeerForeign: workers.some((worker) => worker.isPeerForeign),
    schedule: mergeSchedules(workers.map((worker) => worker.schedule).filter(isThere)),
    windowNs: firstSendNs === null || lastReceiveNs === null ? null : lastReceiveNs - firstSendNs,
    sleptMessages: sumOrNull(workers.map((worker) => worker.sleptMessages)),
    clientWaits: mergeWaits(workers.map((worker) => worker.clientWaits)),
    serverWaits: mergeWaits(workers.map((worker) => worker.serverWaits)),
    streamStalls: stalls.length === 0 ? null : mergeWaits(stalls),
    sameCpuMessages: sumOrNull(sameCpu),
    client: mergeSides(workers.map((worker) => worker.client)),
    server: server === null ? null : { ...server, usage: serverUsage },
    workers,
    startedAtEpochNs: smallest(workers.map((worker) => worker.startedAtEpochNs).filter(isThere)),
  };
}
