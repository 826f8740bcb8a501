/** What is known of a run, as events. Pure: the moment is an argument. */
import type { Measurement } from "../measure/measurement.ts";
import type { CellReading } from "../progress/cell-state.ts";
import { measuredRate } from "../progress/display.ts";
import type { ObservedCell } from "../progress/observer.ts";
import { writeExactly } from "../report/json.ts";
import { MECHANISM_NAMES } from "../result/names.ts";
import { unbackedPercentiles } from "../result/unbacked.ts";
import { INTERVAL_DEFINITION, SCHEMA_VERSION } from "../result/versions.ts";
import { exactInteger } from "../stats/exact.ts";
import { percentilesNs } from "../stats/histogram.ts";
import type { LatencySnapshot } from "../stats/snapshot.ts";
import type { LatencyFigures, RunEvent } from "./events-schema.ts";

type EventOf<Type extends RunEvent["type"]> = Extract<RunEvent, { type: Type }>;

/** One line, every integer with all its digits. */
export function eventLine(event: RunEvent): string {
  return `${JSON.stringify(event, writeExactly)}\n`;
}

function latencyFigures(latency: LatencySnapshot, percentiles: readonly number[]): LatencyFigures | null {
  const values = percentilesNs(latency, percentiles);
  if (values === null) return null;
  return {
    count: exactInteger(latency.count),
    min_ns: exactInteger(latency.minNs),
    max_ns: exactInteger(latency.maxNs),
    percentiles: percentiles.map((percentile, i) => ({ percentile, value_ns: exactInteger(values[i]!) })),
    unbacked_percentiles: unbackedPercentiles(percentiles, latency),
  };
}

export type PlanFacts = Pick<EventOf<"plan">, "version" | "command_line" | "cells">;

export function planEvent({ version, ...plan }: PlanFacts, at: Date): EventOf<"plan"> {
  return {
    type: "plan",
    time: at.toISOString(),
    version,
    schema_version: SCHEMA_VERSION,
    interval_definition: INTERVAL_DEFINITION,
    ...plan,
  };
}

export function startEvent(cell: ObservedCell, at: Date): EventOf<"start"> {
  return {
    type: "start",
    time: at.toISOString(),
    cell: cell.number,
    mechanism: MECHANISM_NAMES[cell.mechanism].variant,
    mode: cell.mode,
    test: cell.test,
    message_size: cell.messageBytes,
    launch: cell.launch,
    msg_count: cell.messageCount,
    duration_ns: cell.durationNs,
    rate_per_second: cell.ratePerSecond,
  };
}

/** Where an interval ended and the next one begins. */
export interface IntervalEnd {
  /** CLOCK_MONOTONIC. */
  readonly atNs: bigint;
  readonly received: number;
}

/** The first interval begins with the first measured message: neither start-up nor warm-up is in it. */
export function endOfInterval({ state }: CellReading, nowNs: bigint): IntervalEnd | null {
  return state.firstSendNs === null ? null : { atNs: nowNs, received: state.received };
}

export interface IntervalInput {
  readonly cell: ObservedCell;
  readonly reading: CellReading;
  /** null: no interval ended in the measured phase yet. */
  readonly last: IntervalEnd | null;
  /** CLOCK_MONOTONIC. */
  readonly nowNs: bigint;
}

export function intervalEvent({ cell, reading, last, nowNs }: IntervalInput, at: Date): EventOf<"interval"> {
  const { state, latency } = reading;
  const { atNs, received: receivedBefore } = last ?? { atNs: state.firstSendNs ?? nowNs, received: 0 };
  const intervalNs = nowNs > atNs ? Number(nowNs - atNs) : 0;
  const received = state.received - receivedBefore;
  return {
    type: "interval",
    time: at.toISOString(),
    cell: cell.number,
    phase: state.phase,
    interval_ns: intervalNs,
    sent: state.sent,
    received: state.received,
    interval_received: received,
    messages_per_second: intervalNs > 0 ? (received * 1e9) / intervalNs : null,
    latency: latencyFigures(latency, cell.percentiles),
  };
}

export function resultEvent(cell: ObservedCell, measurement: Measurement, at: Date): EventOf<"result"> {
  const { counts, startedAtEpochNs, windowNs } = measurement;
  return {
    type: "result",
    time: at.toISOString(),
    cell: cell.number,
    complete: measurement.complete,
    failure: measurement.failure,
    started_at_epoch_ns: startedAtEpochNs === null ? null : exactInteger(startedAtEpochNs),
    sent: counts.sent,
    received: counts.received,
    lost: counts.lost,
    duplicated: counts.duplicated,
    reordered: counts.reordered,
    corrupt: counts.corrupt,
    window_ns: windowNs === null ? null : exactInteger(windowNs),
    messages_per_second: measuredRate(measurement),
    latency: latencyFigures(measurement.latency, cell.percentiles),
  };
}
