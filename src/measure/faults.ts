import type { Test } from "../plan/run-plan.ts";
import { counted } from "../text/counted.ts";
import type { Measurement, MessageCounts } from "./measurement.ts";

/** Messages known to have arrived in any other way than once, whole and in order; the lost ones included. */
export function faultCount(counts: MessageCounts): number {
  return (counts.lost ?? 0) + counts.duplicated + counts.reordered + counts.corrupt;
}

/** "3 lost, 1 corrupt": the faults that occurred, "" if none did. */
export function faultsInWords(counts: MessageCounts): string {
  const { lost, duplicated, reordered, corrupt } = counts;
  return Object.entries({ lost, duplicated, reordered, corrupt })
    .filter(([, count]) => count !== null && count > 0)
    .map(([fault, count]) => `${count} ${fault}`)
    .join(", ");
}

/** Why a test that was asked for did not succeed, one line; null if it did. */
export function problemOf(measurement: Measurement | undefined): string | null {
  if (measurement === undefined) return "not run";
  if (measurement.failure !== null) return measurement.failure;
  if (!measurement.complete) return "ended early";
  const faults = faultsInWords(measurement.counts);
  return faults === "" ? null : `of ${counted(measurement.counts.sent, "message")}: ${faults}`;
}

/** The measurement of one test; undefined if the run did not get to it. */
export function measurementOf(measurements: readonly Measurement[], test: Test): Measurement | undefined {
  return measurements.find((measurement) => measurement.test === test);
}
