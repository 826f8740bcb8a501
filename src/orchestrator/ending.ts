/** What the user hears when a run is over, and the exit code. */

import { documentsOf } from "../plan/documents.ts";
import type { RunError } from "../plan/errors.ts";
import type { RunPlan } from "../plan/run-plan.ts";
import { cellsOf } from "../report/cells.ts";
import { summaryText } from "../report/summary.ts";
import { namesOfVariant } from "../result/names.ts";
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
  plan: RunPlan,
  { streamFailure, files }: RunOutputs,
  { received }: Stop,
  exitCode: number,
  unsaid: RunError | null,
): number {
  const say = (problem: string) => writeLine(`ipc-benchmark: ${problem}`);
  const isShown = !plan.quiet || files.some(({ label }) => label !== "Log");
  const kept = isShown && run.result.results.length > 0 ? "; what was measured before is kept" : "";
  if (streamFailure !== null) say(`${streamFailure.message}${kept}`);
  if (received !== null) {
    say(`the ${plan.standalone?.side === "server" ? "server" : "run"} was stopped by ${received.name}${kept}`);
    return exitCode;
  }
  if (streamFailure !== null) return 1;
  for (const problem of problemsOf(run)) say(problem);
  if (exitCode === INVALID_EXIT_CODE && plan.quiet) say(invalidInWords(run.result));
  if (unsaid === null) return exitCode;
  say(unsaid.message);
  return exitCode || 1;
}

function problemsOf({ failure, result }: Measuring): string[] {
  return [...new Set([...(failure === null ? [] : [failure]), ...failuresOf(result)])];
}

/** Of tests with the same problem one line. */
function failuresOf({ results }: BenchmarkResult): string[] {
  const sizes = new Set(results.map(({ test_config }) => test_config.message_size));
  return results.flatMap(({ mechanism, test_config, details }) => {
    const size = sizes.size > 1 ? `, ${test_config.message_size} bytes` : "";
    const failed = details.tests.filter(({ failure }) => failure !== null);
    return [...Map.groupBy(failed, ({ failure }) => failure)].map(([failure, tests]) => {
      const names = tests.map(({ test }) => test).join(" and ");
      return `${namesOfVariant(mechanism).flag} ${names}${size}: ${failure}`;
    });
  });
}

const INVALID_SHOWN = 3;

/** Which tests are invalid, and why the first of them is. */
function invalidInWords(result: BenchmarkResult): string {
  const invalid = cellsOf(result).filter(({ verdict }) => verdict?.verdict === "invalid");
  const names = invalid.slice(0, INVALID_SHOWN).map(({ mechanism, test }) => `${mechanism} ${test}`);
  const others = invalid.length > names.length ? ", ..." : "";
  const { length } = invalid;
  return `--strict: ${length === 1 ? "1 test is" : `${length} tests are`} invalid (${names.join(", ")}${others}): ${invalid[0]?.verdict?.reasons[0]?.sentence}`;
}
