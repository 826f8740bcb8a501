/** Names of the files in a directory of results. */

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

/** A cell's histogram without its ending; a cell that occurs again has its number behind. */
export function cellName(mechanism: Mechanism, messageBytes: number, test: Test, repeat: number): string {
  return `${mechanism}_${messageBytes}_${test}${repeat === 1 ? "" : `_${repeat}`}`;
}
