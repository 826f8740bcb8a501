import { UsageError } from "../cli/errors.ts";
import type { RunPlan } from "../cli/plan.ts";
import { resultToJson } from "../report/json.ts";
import { summaryText } from "../report/summary.ts";
import type { BenchmarkResult } from "../result/schema.ts";
import { allowedCpus } from "../system/cpus.ts";
import { checkLimits } from "../system/limits.ts";
import { OutputFile } from "../system/output-file.ts";
import { terminalOptions, writeLine, writeText } from "../system/terminal.ts";
import { endpointFor } from "./names.ts";
import { Run } from "./run.ts";

const SIGNAL_EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
type EndingSignal = keyof typeof SIGNAL_EXIT_CODES;

/** What can be known to be impossible before anything is started. @throws UsageError */
function checkPlan(plan: RunPlan): void {
  const allowed = allowedCpus();
  for (const [flag, cpu] of [
    ["--server-affinity", plan.serverCpu],
    ["--client-affinity", plan.clientCpu],
  ] as const) {
    if (cpu === null) continue;
    if (process.platform !== "linux")
      throw new UsageError(`${flag}: this platform does not pin processes to CPUs`);
    if (!allowed.includes(cpu)) {
      throw new UsageError(`${flag} ${cpu}: that CPU can't be used here`, `allowed are ${allowed.join(" ")}`);
    }
  }
  for (const mechanism of plan.mechanisms) endpointFor(mechanism, plan);
  checkLimits(plan);
}

/** Aborts at the first signal that asks to end; tells which one it was. */
function abortOnSignals(): { signal: AbortSignal; received: () => EndingSignal | null } {
  const controller = new AbortController();
  let received: EndingSignal | null = null;
  for (const name of Object.keys(SIGNAL_EXIT_CODES) as EndingSignal[]) {
    process.on(name, () => {
      received ??= name;
      controller.abort(`the run was stopped by ${received}`);
    });
  }
  return { signal: controller.signal, received: () => received };
}

/**
 * The command that the user ran: measures every cell of the plan, one after the other, and reports.
 * @returns the exit code: 0, 1 for a run with a failed test, 128 + n after a signal
 * @throws UsageError if the plan can't be run here, RunError if the results can't be written
 */
export async function orchestrate(plan: RunPlan): Promise<number> {
  checkPlan(plan);
  const output = plan.outputFile === null ? null : new OutputFile(plan.outputFile);
  const run = new Run(plan, (result) => output?.write(resultToJson(result)));
  const { signal, received } = abortOnSignals();
  await run.measureAll(signal);

  if (!plan.quiet) {
    const files = output === null ? [] : [{ label: "Final JSON", path: output.path }];
    writeText(summaryText(run.result, { ...terminalOptions(), files }));
  }
  const stoppedBy = received();
  if (stoppedBy !== null) {
    writeLine(`ipc-benchmark: the run was stopped by ${stoppedBy}; what was measured before is kept`);
    return SIGNAL_EXIT_CODES[stoppedBy];
  }
  for (const line of failureLines(run.result)) writeLine(`ipc-benchmark: ${line}`);
  return run.hasFailed ? 1 : 0;
}

function failureLines(result: BenchmarkResult): string[] {
  return result.results.flatMap(({ mechanism, status }) =>
    typeof status === "string" ? [] : [`${mechanism}: ${status.Failure}`],
  );
}
