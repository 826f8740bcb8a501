/** Names of the files in a directory of results. */

import type { Settings } from "../plan/axes.ts";
import type { Mechanism, Test } from "../plan/run-plan.ts";

export const SUMMARY_ENDING = "_summary.json";
export const STREAMING_ENDINGS = { json: "_streaming.json", csv: "_streaming.csv" } as const;
export type StreamKind = keyof typeof STREAMING_ENDINGS;

/** The result document of a mechanism and size in `-o DIR/`. */
export function summaryName(mechanism: Mechanism, messageBytes: number): string {
  return `${mechanism}_${messageBytes}${SUMMARY_ENDING}`;
}

/** The streamed records of a mechanism and size in `-o DIR/`. */
export function streamingName(mechanism: Mechanism, messageBytes: number, kind: StreamKind): string {
  return `${mechanism}_${messageBytes}${STREAMING_ENDINGS[kind]}`;
}

const LONGEST_SETTING = 40;

/** A cell's histogram without its ending: behind the test what tells it from others, "_rate-1000_wait-spin". */
export function cellName(mechanism: Mechanism, messageBytes: number, test: Test, settings: Settings): string {
  const parts = Object.entries(settings)
    .filter(([, value]) => value !== "" && value !== "false")
    .map(([flag, value]) => (value === "true" ? flag : `${flag}-${fit(value)}`));
  return [mechanism, messageBytes, test, ...parts].join("_");
}

function fit(value: string): string {
  return value.replaceAll(/[^A-Za-z0-9.=]+/g, "-").slice(0, LONGEST_SETTING);
}
