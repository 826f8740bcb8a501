/** What the user hears when a run is over, and the exit code. */

import { documentsOf } from "../plan/documents.ts";
import type { RunError } from "../plan/errors.ts";
import type { RunPlan } from "../plan/run-plan.ts";
import { summaryText } from "../report/summary.ts";
import type { BenchmarkResult } from "../result/schema.ts";
import { isStandardOutput } from "../system/standard-output.ts";
import { terminalOptions, tryWriteText, writeErrorText, writeLine } from "../system/terminal.ts";
import type { Measuring } from "./measuring.ts";
import type { RunOutputs } from "./run-outputs.ts";
import type { Stop } from "./stop.ts";

const INVALID_EXIT_CODE = 4;

/** What the tests came to: 0, 1 for a failed one, 4 with --strict for an invalid one, 128 + n after a signal. */
export function exitCodeOf(run: Measuring, { strict }: RunPlan, stop: Stop): number {
  if (stop.received !== null) return stop.received.exitCode;
  if (run.hasFailed) return 1;
  return strict && run.invalidCount > 0 ? INVALID_EXIT_CODE : 0;
}

export function logEnding({ log }: RunOutputs, run: Measuring, { signal }: Stop): void {
  log.info(signal.aborted ? String(signal.reason) : run.hasFailed ? "the run has failed" : "the run is complete");
}

/** Shows the summary, unless the run is to be quiet. What kept standard output from being written; null if nothing did. */
export function showSummary(run: Measuring, plan: RunPlan, outputs: RunOutputs): RunError | null {
  if (plan.quiet) return null;
  const summary = summaryText(run.result, { ...terminalOptions(), files: outputs.files });
  if (!documentsOf(plan).some(({ path }) => isStandardOutput(path))) return tryWriteText(summary);
  // Whoever reads a document from standard output gets nothing else there.
  writeErrorText(summary);
  return null;
}

/**
 * One line for each thing that went wrong; after a signal that alone.
 * @param exitCode what the tests came to
 * @param unsaid why standard output could not be written
 * @returns the exit code of the run
 */
export function sayProblems(
  run: Measuring,
  { streamFailure }: RunOutputs,
  { received }: Stop,
  exitCode: number,
  unsaid: RunError | null,
): number {
  const say = (problem: string) => writeLine(`ipc-benchmark: ${problem}`);
  if (streamFailure !== null) say(`${streamFailure.message}; what was measured before is kept`);
  if (received !== null) {
    say(`the run was stopped by ${received.name}; what was measured before is kept`);
    return exitCode;
  }
  if (streamFailure !== null) return 1;
  for (const problem of problemsOf(run)) say(problem);
  if (unsaid === null) return exitCode;
  say(unsaid.message);
  return exitCode || 1;
}

function problemsOf({ failure, result }: Measuring): string[] {
  return [...(failure === null ? [] : [failure]), ...failuresOf(result)];
}

function failuresOf({ results }: BenchmarkResult): string[] {
  const sizes = new Set(results.map(({ test_config }) => test_config.message_size));
  return results.flatMap(({ mechanism, status, test_config }) => {
    const size = sizes.size > 1 ? `, ${test_config.message_size} bytes` : "";
    return typeof status === "string" ? [] : [`${mechanism}${size}: ${status.Failure}`];
  });
}
