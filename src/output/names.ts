/** Names of the files in a directory of results. */

import type { Mechanism, Test } from "../cli/plan.ts";

export const SUMMARY_ENDING = "_summary.json";
export const STREAMING_ENDING = "_streaming.json";

/** The result document of a mechanism and size in `-o DIR/`. */
export function summaryName(mechanism: Mechanism, messageBytes: number): string {
  return `${mechanism}_${messageBytes}${SUMMARY_ENDING}`;
}

/** The streamed records of a mechanism and size in `-o DIR/`. */
export function streamingName(mechanism: Mechanism, messageBytes: number): string {
  return `${mechanism}_${messageBytes}${STREAMING_ENDING}`;
}

/** A cell's histogram without its ending; a cell that occurs again has its number behind. */
export function cellName(mechanism: Mechanism, messageBytes: number, test: Test, repeat: number): string {
  return `${mechanism}_${messageBytes}_${test}${repeat === 1 ? "" : `_${repeat}`}`;
}
